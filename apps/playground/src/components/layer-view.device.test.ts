// A unit closely, in Chromium: the last layer as classes, a filter and a window that slide, what a channel likes.
import * as tf from '@tensorflow/tfjs'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { describeSite, PATIENCE, pixelsOf } from '../testing/site.ts'

/** Numbers of a text, as English writes them. */
const numbers = (text: string | null) =>
  [...text!.matchAll(/[-−+]?\d+(?:[.,]\d+)*(?:E-?\d+)?/g)].map(([one]) =>
    Number(one.replaceAll(',', '').replace('−', '-')),
  )
/** Where the pinned unit is, by the address. */
const placeOf = (page: Page) => /unit=(\d+),(\d+),(\d+)/.exec(page.url())!.slice(1).map(Number)

describeSite('A unit', (site) => {
  it('of the last layer is a class, and its logit becomes a probability', async () => {
    const page = await site.open('#/look?model=shapes&layer=classifier.2&unit=3')
    const share = page.getByTestId('share')
    await share.waitFor()
    const field = page.getByRole('combobox', { name: 'Class', exact: true })
    const name = await field.evaluate(
      (select: HTMLSelectElement) => select.selectedOptions[0]!.text,
    )
    await page.getByText(new RegExp(`^${name}: .*its logit`)).waitFor()
    expect(await share.textContent()).toMatch(new RegExp(`^${name}: exp\\(`))
    const rows = page
      .getByRole('region', { name: 'Table: from logits to probabilities' })
      .locator('tbody tr')
    const cells = await rows.evaluateAll((all) =>
      all.map((row) => [...row.children].map(({ textContent }) => textContent)),
    )
    expect(cells).toHaveLength(10)
    const [logits, exps, shares] = [1, 3, 4].map((at) => cells.map((row) => numbers(row[at]!)[0]!))
    await tf.setBackend('cpu')
    const expected = tf.tidy(() => tf.softmax(tf.tensor1d(logits!)).dataSync())
    for (const [rank, probability] of expected.entries()) {
      // Logits of four digits, shares of a tenth of a percent.
      expect(Math.abs(shares![rank]! / 100 - probability)).toBeLessThan(0.002)
    }
    const [sum] = numbers(await page.getByTestId('exponentials').textContent())
    expect(exps!.reduce((total, exp) => total + exp, 0)).toBeCloseTo(sum!, 2)
    const [logit, most, divisor] = numbers(await share.textContent())
    const worked = numbers(await share.textContent()).at(-1)!
    expect(
      (100 * Math.exp(logit! - Math.abs(most!) * Math.sign(logits![0]!))) / divisor!,
    ).toBeCloseTo(worked, 0)
    // Another class, by its name in the table.
    await rows.first().getByRole('button').click()
    await expect.poll(() => share.textContent()).toMatch(new RegExp(`^${cells[0]![0]}: exp`))
    await page.context().close()
  })

  it('slides over the map with its sum, to the end, and stops in between', async () => {
    const page = await site.open('#/look?model=shapes&layer=features.3&unit=5,9,6')
    const slide = page.getByRole('button', { name: 'Slide the filter' })
    await slide.waitFor()
    // What stands on the page together, at each change of it.
    await page.evaluate(() => {
      const seen = new Set<string>()
      Object.assign(globalThis, { seen })
      new MutationObserver(() => {
        const caption = document.querySelector('figure.unit figcaption')?.textContent
        const cell = document.querySelector<HTMLElement>('.sum small.slid:last-child .mark')
        const sum = document.querySelector('[data-testid="sum"] td')?.textContent
        seen.add(JSON.stringify([caption, sum, cell?.style.left]))
      }).observe(document.body, { subtree: true, childList: true, characterData: true })
    })
    await slide.click()
    await expect.poll(() => placeOf(page), { timeout: PATIENCE }).toEqual([5, 9, 9])
    await page.getByText(/^Channel 5 at row 9, column 9/).waitFor()
    await expect.poll(() => slide.getAttribute('aria-pressed')).toBe('false')
    const seen = await page.evaluate(() => [
      ...(globalThis as unknown as { seen: Set<string> }).seen,
    ])
    const columns = new Set<number>()
    for (const one of seen) {
      const [caption, sum, left] = JSON.parse(one) as [string, string, string]
      const [, column, value] = /column (\d+): (\S+)\. It/.exec(caption)!
      columns.add(Number(column))
      expect(Number(sum.replace('+', ''))).toBe(Number(value))
      expect(left).toBe(`${10 * Number(column)}%`)
    }
    expect([...columns].sort()).toEqual([6, 7, 8, 9])
    // From the end it begins anew, and the same button stops it.
    await slide.click()
    await expect.poll(() => placeOf(page).join(), { timeout: PATIENCE }).toMatch(/^5,0,[1-9]$/)
    await slide.click()
    await expect.poll(() => slide.getAttribute('aria-pressed')).toBe('false')
    const stopped = placeOf(page)
    await page.waitForTimeout(1500)
    expect(placeOf(page)).toEqual(stopped)
    await page.context().close()
  })

  it('goes one step a press where less motion is asked for', async () => {
    const page = await site.open('#/look?model=shapes&layer=features.3&unit=5,2,9', {
      reducedMotion: 'reduce',
    })
    const slide = page.getByRole('button', { name: 'Slide the filter' })
    await slide.click()
    await expect.poll(() => placeOf(page), { timeout: PATIENCE }).toEqual([5, 3, 0])
    await page.waitForTimeout(1500)
    expect(placeOf(page)).toEqual([5, 3, 0])
    expect(await slide.getAttribute('aria-pressed')).toBe('false')
    await page.context().close()
  })

  it('of a pool rings what goes on', async () => {
    const page = await site.open('#/look?model=shapes-paper&layer=features.3&unit=4,3,5')
    const about = page.getByTestId('pooled')
    await about.waitFor()
    const said = await about.textContent()
    const [, shown] = /column 5: (\S+)\. It/.exec(
      (await page.getByText(/^Channel 4 at row 3, column 5/).textContent())!,
    )!
    const [height, width, value, row, column] = numbers(said)
    expect([height, width, value]).toEqual([3, 3, Number(shown)])
    const ring = page.locator('.mark.ring')
    const at = await ring.evaluate(({ style }) => [style.left, style.top].map(Number.parseFloat))
    // The window begins at twice the unit's place.
    expect(at[0]!).toBeCloseTo((100 * (column! - 10)) / 3, 3)
    expect(at[1]!).toBeCloseTo((100 * (row! - 6)) / 3, 3)
    await page.getByRole('button', { name: 'Slide the window' }).click()
    await expect.poll(() => about.textContent(), { timeout: PATIENCE }).not.toBe(said)
    await page.goto(`${site.url}#/look?model=shapes&layer=features.2&unit=4,3,5`)
    await page.getByText(/^The mean of 2×2 places/).waitFor()
    expect(await ring.count()).toBe(0)
    await page.context().close()
  })

  it('shows what its channel likes', async () => {
    const page = await site.open('#/look?model=cifar10-int8&layer=features.10&unit=2,4,4')
    await page.getByText('What channel 2 likes').click()
    const patches = page.getByRole('img', { name: /^Patch of \w+\.png$/ })
    await expect.poll(() => patches.count(), { timeout: PATIENCE }).toBe(9)
    const activations = await page.locator('.nine small').allTextContents()
    const values = activations.map((text) => numbers(text)[0]!)
    expect(values).toEqual([...values].sort((a, b) => b - a))
    // At most one patch a picture.
    const names = await patches.evaluateAll((all) => all.map(({ ariaLabel }) => ariaLabel))
    expect(new Set(names).size).toBe(9)
    const near = page.locator('.alike li')
    await expect.poll(() => near.count(), { timeout: PATIENCE }).toBe(5)
    const distances = (await near.allTextContents()).map((text) => numbers(text)[0]!)
    expect(distances).toEqual([...distances].sort((a, b) => a - b))
    expect(distances[0]).toBeGreaterThan(0)
    await page.getByRole('button', { name: 'Grow' }).click()
    const grown = page.getByRole('img', { name: 'Picture that channel 2 likes' })
    await grown.waitFor({ timeout: PATIENCE })
    const early = await pixelsOf(grown)
    await expect.poll(() => pixelsOf(grown), { timeout: PATIENCE }).not.toBe(early)
    await page.getByRole('button', { name: 'Stop growing' }).click()
    const step = page.getByText(/^step \d+ of \d+$/)
    const [at, of] = numbers(await step.textContent())
    expect(at!).toBeLessThan(of!)
    await page.waitForTimeout(1500)
    expect(numbers(await step.textContent())[0]).toBe(at)
    await page.context().close()
  })
})
