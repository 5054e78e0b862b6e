// Look inside, in Chromium: the network's layers, a unit by pointer and by keyboard, heat maps, parts
// switched off.
import { expect, it } from 'vitest'
import { describeSite, openSmall } from '../testing/site.ts'

describeSite('Look inside', (site) => {
  it('shows maps, units, filters, heat maps, and the answer without a layer', async () => {
    const page = await openSmall(site, '#/look')
    await page.getByRole('img', { name: 'Filters of features.0' }).waitFor()
    const maps = page.getByRole('img', { name: /Maps of features.0: 6 channels/ })
    await maps.hover({ position: { x: 40, y: 40 } })
    await page.getByText(/Channel 0 at row \d+, column \d+.*It sees 5×5 pixels/).waitFor()
    await page.getByRole('img', { name: 'Weights of channel 0' }).waitFor()
    await page.getByRole('spinbutton', { name: 'channel' }).fill('3')
    await page.getByText(/Channel 3 at row \d+, column \d+.*It sees 5×5 pixels/).waitFor()
    await page.getByRole('img', { name: /^grad-cam for/ }).waitFor()
    await page.getByRole('combobox', { name: 'Method' }).selectOption('guided-backprop')
    await page.getByText(/is a tanh: use integrated gradients/).waitFor()
    await page.getByRole('combobox', { name: 'Method' }).selectOption('integrated-gradients')
    await page.getByRole('combobox', { name: 'Class' }).selectOption({ label: 'ring' })
    await page.getByRole('img', { name: 'integrated-gradients for ring' }).waitFor()
    await page.getByRole('combobox', { name: 'Method' }).selectOption('occlusion')
    await page.getByRole('img', { name: 'occlusion for ring' }).waitFor()
    await page.getByRole('button', { name: /tanh\s*28×28×6/ }).click()
    await page.getByLabel('Switch this layer off').check()
    await page.getByText('Without these parts').waitFor()
    const [whole, without] = await page.locator('.columns figure:has(.bars)').allTextContents()
    expect(without!.replace('Without these parts', '')).not.toBe(
      whole!.replace('The whole network', ''),
    )
    await page.getByRole('button', { name: 'Switch all on' }).click()
    await page.getByText('Without these parts').waitFor({ state: 'detached' })
    await page.context().close()
  })

  it('switches local response normalisation off', async () => {
    const page = await site.open('#/look')
    await page.getByTestId('status').waitFor()
    await page.getByRole('combobox', { name: 'Model' }).selectOption('shapes-paper')
    await page.getByRole('button', { name: /LRN\s*32×32×32/ }).click()
    await page.getByLabel('Switch this layer off').check()
    await page.getByText('Off: features.2').waitFor()
    const [whole, without] = await Promise.all(
      ['The whole network', 'Without these parts'].map(async (title) => {
        const figure = page.locator('figure', { has: page.getByText(title) })
        return figure.locator('.value').allTextContents()
      }),
    )
    expect(whole).toHaveLength(5)
    expect(without).not.toEqual(whole)
    await page.context().close()
  })

  it('shows the model that the page opens with, a channel of it switched off', async () => {
    const page = await site.open('#/look')
    await page.getByRole('img', { name: /^Maps of features.0: \d+ channels/ }).waitFor()
    await page.getByRole('combobox', { name: 'Method' }).selectOption('guided-backprop')
    await page.getByRole('img', { name: /^guided-backprop for/ }).waitFor()
    await page.getByRole('spinbutton', { name: 'channel' }).fill('2')
    await page.getByRole('button', { name: 'Switch off channel 2' }).click()
    await page.getByText('Off: features.0, channels 2').waitFor()
    await page.getByText('Without these parts').waitFor()
    await page.context().close()
  })
})
