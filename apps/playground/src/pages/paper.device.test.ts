// The paper, in Chromium: the live race, and each claim with what was measured or that nothing was.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeSite, folder, PATIENCE, pixelsOf } from '../testing/site.ts'
import { en } from '../text/en.ts'
import { claims, type Experiment, measuredFor } from './experiments.ts'

/** What docs/experiments holds, as the build took it in. */
function experiments(): Experiment[] {
  const place = join(folder, '../../docs/experiments')
  const names = existsSync(place) ? readdirSync(place) : []
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(place, name), 'utf8')))
}

describeSite('The paper', (site) => {
  it('shows every claim, with its curves or the command that measures them', async () => {
    const page = await site.open('#/paper')
    const all = experiments()
    for (const claim of claims) {
      const section = page.getByRole('region', {
        name: en.claims[claim.name],
        exact: true,
      })
      await section.waitFor()
      const { measured, missing } = measuredFor(claim, all)
      expect(await section.getByText('Measured here.').count()).toBe(measured ? 1 : 0)
      if (measured) await section.locator('canvas').waitFor()
      expect(await section.locator('canvas').count()).toBe(measured ? 1 : 0)
      const count = await section.getByText('Not measured by this project yet').count()
      expect(count).toBe(missing.length > 0 ? 1 : 0)
    }
    await page.context().close()
  })

  it('tells of each layer of the figure what crosses between the cards', async () => {
    const page = await site.open('#/paper')
    const figure = page.getByRole('group', { name: /^The network on two cards/ })
    await figure.waitFor()
    const block = page.getByTestId('block')
    const said = (text: string) => block.filter({ hasText: text }).waitFor()
    await said('Both cards see the same picture')
    // Sizes as section 3.5 and figure 2 of the paper have them: half of 13×13×256, 6×6×256 and 4096, four bytes each.
    const [conv3, fc6, fc7] = [13 * 13 * 128, 6 * 6 * 128, 2048].map((count) => 4 * count)
    await figure.getByRole('button', { name: 'conv3, card 2' }).click()
    await said(`${conv3!.toLocaleString('en')} bytes a picture each way`)
    await said('192 filters of 3×3, each over 256 maps')
    await figure.getByRole('button', { name: 'conv4, card 1' }).press('Enter')
    await said('Each card sees its own maps alone')
    await figure.getByRole('button', { name: 'fc6, card 1' }).press(' ')
    await said(`${fc6!.toLocaleString('en')} bytes a picture each way`)
    await figure.getByRole('button', { name: 'fc8' }).click()
    await said(`${fc7!.toLocaleString('en')} bytes a picture each way`)
    await page
      .getByText(`All in all ${(conv3! + fc6! + 2 * fc7!).toLocaleString('en')} bytes`)
      .waitFor()
    const link = page.url()
    await page.goto('about:blank')
    await page.goto(link)
    await said('1,000 units')
    await page.getByRole('link', { name: 'See such a layer at work' }).click()
    await page.getByRole('heading', { name: /^classifier\.\d: linear/ }).waitFor()
    await page.goBack()
    await said('1,000 units')
    await page.context().close()
  })

  it('draws recorded curves again as they grew', async () => {
    const page = await site.open('#/paper')
    const section = page.getByRole('region', { name: en.claims.relu, exact: true })
    const epoch = section.getByTestId('epoch')
    await epoch.filter({ hasText: /^epoch 40 of 40$/ }).waitFor()
    const slider = section.getByRole('slider')
    const whole = await pixelsOf(section.locator('canvas'))
    await slider.fill('5.5')
    await epoch.filter({ hasText: 'epoch 5.5 of 40' }).waitFor()
    await expect
      .poll(() => pixelsOf(section.locator('canvas')), { timeout: PATIENCE })
      .not.toBe(whole)
    // Some seconds before the end, so that it is seen at work.
    await slider.fill('20')
    await section.getByRole('button', { name: /^Replay/ }).click()
    await section.getByRole('button', { name: /^Pause/ }).waitFor()
    await epoch.filter({ hasText: /^epoch 40 of 40$/ }).waitFor()
    await section.getByRole('button', { name: /^Replay/ }).waitFor()
    // The end again is what was there.
    await expect.poll(() => pixelsOf(section.locator('canvas')), { timeout: PATIENCE }).toBe(whole)
    for (const part of ['Claimed.', 'Measured here.', 'Why it differs.', 'See it.']) {
      await section.getByText(part).waitFor()
    }
    await page.emulateMedia({ reducedMotion: 'reduce' })
    await page.reload()
    await epoch.filter({ hasText: /^epoch 40 of 40$/ }).waitFor()
    expect(await section.getByRole('button', { name: /^Replay/ }).count()).toBe(0)
    await slider.fill('2')
    await epoch.filter({ hasText: 'epoch 2 of 40' }).waitFor()
    await page.context().close()
  })

  it('races ReLU against tanh', async () => {
    const page = await site.open('#/paper')
    await page.getByRole('button', { name: 'Start the race' }).click()
    await page.getByText(/After \d+ pictures: ReLU [\d.]+% wrong, tanh [\d.]+%/).waitFor()
    await page.getByRole('img', { name: /^Training error over pictures seen/ }).waitFor()
    await page.getByRole('button', { name: 'Stop the race' }).click()
    await page.getByRole('button', { name: 'Start the race' }).waitFor()
    await page.context().close()
  })
})
