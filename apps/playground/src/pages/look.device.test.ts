// Look inside, in Chromium: the network's layers, a unit by pointer and by keyboard, heat maps, parts
// switched off.
import { shapes } from '@alexnet/data'
import { expect, it } from 'vitest'
import { heatMethods } from '../engine/protocol.ts'
import {
  asFile,
  describeSite,
  openSmall,
  PATIENCE,
  picturesFor,
  pixelsOf,
} from '../testing/site.ts'

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
    await page.getByRole('combobox', { name: 'Class to explain' }).selectOption({ label: 'ring' })
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

  it('looks at the unit under the pointer in passing, and keeps the one that is pressed', async () => {
    const page = await openSmall(site, '#/look')
    const maps = page.getByRole('img', { name: /Maps of features.0: 6 channels/ })
    await maps.scrollIntoViewIfNeeded()
    // Also when all below it stands there.
    await page.getByRole('img', { name: /^grad-cam for/ }).waitFor()
    const before = await maps.boundingBox()
    const button = page.getByRole('button', { name: /Switch off channel/ })
    expect(await button.isDisabled()).toBe(true)
    await maps.hover({ position: { x: 40, y: 40 } })
    const unit = page.getByText(/^Channel \d+ at row \d+, column \d+/)
    await unit.waitFor()
    // Nothing moved under the pointer.
    expect(await maps.boundingBox()).toEqual(before)
    await expect.poll(() => page.locator('.mark').count()).toBe(3)
    const passed = await unit.textContent()
    await maps.click({ position: { x: 60, y: 60 } })
    await expect.poll(() => unit.textContent()).not.toBe(passed)
    const about = await unit.textContent()
    await button.hover()
    expect(await unit.textContent()).toBe(about)
    await maps.press('ArrowRight')
    const column = (text: string | null) => Number(/column (\d+)/.exec(text!)![1])
    await expect.poll(async () => column(await unit.textContent())).toBe(column(about) + 1)
    await button.click()
    await page.getByRole('button', { name: /conv1\s*28×28×6\s*1 of 6 off/ }).waitFor()
    await maps.press('Escape')
    await unit.waitFor({ state: 'detached' })
    await page.context().close()
  })

  it('works out the sum of the unit that is kept', async () => {
    const page = await site.open('#/look?model=shapes&layer=features.3&unit=5,0,3')
    const sum = page.getByTestId('sum').getByRole('cell')
    const value = page.getByText(/^Channel 5 at row 0, column 3: /)
    await sum.waitFor()
    await value.waitFor()
    const [, shown] = /column 3: ([-\d.]+)\./.exec((await value.textContent())!)!
    expect(Number(await sum.textContent())).toBe(Number(shown))
    // Four of the six maps, the others and the bias: they make it up.
    const parts = await page
      .getByRole('region', { name: 'Table: its sum' })
      .locator('tr td:last-child')
      .allTextContents()
    expect(parts).toHaveLength(4 + 3)
    const added = parts.slice(0, -1).reduce((total, part) => total + Number(part), 0)
    expect(added).toBeCloseTo(Number(shown), 1)
    await page
      .getByRole('img', { name: /^product of map \d$/ })
      .first()
      .waitFor()
    await page.context().close()
  })

  it('draws the padding that a unit at the border sees', async () => {
    const page = await site.open('#/look')
    const maps = page.getByRole('img', { name: /^Maps of features.0: \d+ channels/ })
    await maps.click({ position: { x: 2, y: 2 } })
    await page.getByText(/^Channel 0 at row 0, column 0/).waitFor()
    const size = (name: string) =>
      page
        .getByRole('img', { name, exact: true })
        .evaluate((canvas: HTMLCanvasElement) => [canvas.width, canvas.height])
    expect(await size('What the unit sees')).toEqual(await size('Weights of channel 0'))
    await page.context().close()
  })

  it('has the picture that was asked for among those to choose from', async () => {
    const page = await openSmall(site, '#/classify')
    const dataset = shapes({ count: 20, size: 32, seed: 5 })
    const files = await Promise.all(
      Array.from({ length: 20 }, (_, index) => asFile(dataset, index)),
    )
    await page.getByRole('button', { name: 'Clear' }).click()
    await picturesFor(page, 'classify').setInputFiles(files)
    await expect.poll(() => page.locator('.bars').count(), { timeout: PATIENCE }).toBe(20)
    await page.getByRole('button', { name: 'Look inside at 17.png' }).click()
    await page.getByRole('button', { name: '17.png', pressed: true }).waitFor()
    // Answers and the switch are as they were.
    await page.goBack()
    await expect.poll(() => page.locator('.bars').count(), { timeout: PATIENCE }).toBe(20)
    expect(await page.getByText('Looking').count()).toBe(0)
    await page.context().close()
  })

  it('switches local response normalisation off', async () => {
    const page = await site.open('#/look')
    await page.getByTestId('status').waitFor()
    await page.getByRole('combobox', { name: 'Model' }).selectOption('shapes-paper')
    await page.getByRole('button', { name: /LRN\s*32×32×32/ }).click()
    await page.getByLabel('Switch this layer off').check()
    await page.getByText('Off: features.2').waitFor()
    await page.getByText('Without these parts').waitFor()
    const [whole, without] = await Promise.all(
      ['The whole network', 'Without these parts'].map(async (title) => {
        const figure = page.locator('figure', { has: page.getByText(title) })
        return figure.locator('.value').allTextContents()
      }),
    )
    expect(whole).toHaveLength(5)
    expect(without).toHaveLength(5)
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

  it('draws all methods of explanation side by side at one press', async () => {
    const page = await site.open('#/look?model=cifar10-int8&picture=dog')
    await page.getByRole('img', { name: /^grad-cam for/ }).waitFor()
    await page.getByRole('button', { name: 'All methods, side by side' }).click()
    const drawn: string[] = []
    for (const method of heatMethods) {
      const map = page.getByRole('img', { name: new RegExp(`^${method} for`) })
      await map.waitFor({ timeout: PATIENCE })
      drawn.push(await pixelsOf(map))
    }
    expect(new Set(drawn).size).toBe(heatMethods.length)
    expect(page.url()).toContain('map=all')
    // A method that is not for a network says so in its place, the others stand.
    await page.getByRole('combobox', { name: 'Model' }).selectOption('shapes')
    await page
      .getByText(/is a tanh: use integrated gradients/)
      .first()
      .waitFor()
    await page.getByRole('img', { name: /^occlusion for/ }).waitFor({ timeout: PATIENCE })
    await page.context().close()
  })
})
