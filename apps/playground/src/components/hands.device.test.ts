// Hands on the picture, in Chromium: painted over, drawn and nudged, by pointer and keyboard, with the library's answers.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fastGradientSign } from '@alexnet/core/explain'
import { decodePicture, type Picture } from '@alexnet/data'
import { openLpips } from '@alexnet/lpips'
import { asPrepared, type Model, openModel } from '@alexnet/model'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { painted, parseStrokes } from '../painting.ts'
import { describeSite, folder, PATIENCE, pixelsOf } from '../testing/site.ts'

const LOOK = '#/look?model=cifar10-int8&picture=frog'

/** What the page says of a picture, as the numbers after its classes. */
const said = async (page: Page, title: string) => {
  const figure = page.getByRole('figure').filter({ hasText: title })
  await figure.locator('.bars li').first().waitFor()
  const [label] = await figure.locator('.label').allTextContents()
  const [value] = await figure.locator('.value').allTextContents()
  return { label, probability: Number.parseFloat(value!) / 100 }
}

const field = (page: Page, name: string) =>
  new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get(name) ?? ''

describeSite('Hands on the picture', (site) => {
  let model: Model
  let frog: Picture
  beforeAll(async () => {
    model = await openModel('cifar10-int8')
    const bytes = readFileSync(join(folder, 'public/samples/frog.png'))
    frog = await decodePicture(bytes, { path: 'frog.png' })
  })
  afterAll(() => model.dispose())

  const expectSaid = async (page: Page, title: string, picture: Picture) => {
    const [top] = await model.classify(picture, { topK: 1 })
    await expect
      .poll(() => said(page, title), { timeout: PATIENCE })
      .toEqual({ label: top!.label, probability: expect.closeTo(top!.probability, 2) })
  }

  it('paints over a part, and the answer follows', async () => {
    const page = await site.open(LOOK)
    await page.getByRole('button', { name: 'Paint over it' }).click()
    const canvas = page.getByRole('img', { name: 'Painting on frog.png' })
    await canvas.waitFor()
    await expectSaid(page, 'The answer while you paint', frog)
    const clean = await pixelsOf(canvas)
    await canvas.scrollIntoViewIfNeeded()
    const { x, y, width, height } = (await canvas.boundingBox())!
    await page.mouse.move(x + width / 4, y + height / 2)
    await page.mouse.down()
    await page.mouse.move(x + width / 2, y + height / 2)
    await page.mouse.move(x + (3 * width) / 4, y + height / 2)
    await page.mouse.up()
    await expect.poll(() => field(page, 'strokes'), { timeout: PATIENCE }).toMatch(/^g6:/)
    const strokes = parseStrokes(field(page, 'strokes'))
    const found = painted(frog, strokes)
    // A line from a quarter to three quarters, without a gap.
    for (let column = 8; column < 24; column++) {
      const at = (16 * 32 + column) * 3
      expect([...found.data.subarray(at, at + 3)]).toEqual([128, 128, 128])
    }
    await expectSaid(page, 'The answer while you paint', found)
    const dirty = await pixelsOf(canvas)
    expect(dirty).not.toBe(clean)
    const lpips = await openLpips('cifar10-int8')
    const { distance } = await lpips.compare(frog, found)
    lpips.dispose()
    const far = async () => /: ([\d.]+)\. 0 is/.exec((await page.getByTestId('far').textContent())!)
    await expect
      .poll(async () => Number((await far())?.[1]), { timeout: PATIENCE })
      .toBeCloseTo(distance, 2)
    await page.getByTestId('far').filter({ hasText: 'without its learned weights' }).waitFor()
    // The address brings it back, and Undo takes it away.
    const link = page.url()
    await page.goto('about:blank')
    await page.goto(link)
    await canvas.waitFor()
    await expect.poll(() => pixelsOf(canvas), { timeout: PATIENCE }).toBe(dirty)
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect.poll(() => pixelsOf(canvas), { timeout: PATIENCE }).toBe(clean)
    expect(field(page, 'strokes')).toBe('')
    await page.context().close()
  })

  it('is painted on by keyboard', async () => {
    const page = await site.open(`${LOOK}&hand=paint`)
    const canvas = page.getByRole('img', { name: 'Painting on frog.png' })
    await canvas.waitFor()
    const clean = await pixelsOf(canvas)
    await page.getByRole('button', { name: 'Blur' }).focus()
    await page.keyboard.press('Enter')
    await canvas.focus()
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('Shift+ArrowUp')
    await page.getByTestId('brush').filter({ hasText: '30, 24 of 64' }).waitFor()
    await page.keyboard.press('Space')
    await expect.poll(() => field(page, 'strokes'), { timeout: PATIENCE }).toBe('f6:eY')
    await page.keyboard.down('Space')
    for (let presses = 0; presses < 4; presses++) await page.keyboard.press('ArrowDown')
    await page.keyboard.up('Space')
    await expect
      .poll(() => parseStrokes(field(page, 'strokes')).length, { timeout: PATIENCE })
      .toBe(2)
    expect(parseStrokes(field(page, 'strokes'))[1]!.spots.at(-1)).toEqual({ x: 30, y: 32 })
    const found = painted(frog, parseStrokes(field(page, 'strokes')))
    await expectSaid(page, 'The answer while you paint', found)
    await page.keyboard.press('Backspace')
    await expect.poll(() => field(page, 'strokes'), { timeout: PATIENCE }).toBe('f6:eY')
    await page.getByRole('button', { name: 'Reset' }).press('Enter')
    await expect.poll(() => pixelsOf(canvas), { timeout: PATIENCE }).toBe(clean)
    await page.context().close()
  })

  it('draws one’s own picture, and keeps it', async () => {
    const page = await site.open(`${LOOK}&hand=draw`)
    const pad = page.getByRole('img', { name: 'Drawing pad' })
    await pad.waitFor()
    await page.getByRole('button', { name: 'Blue' }).click()
    await pad.scrollIntoViewIfNeeded()
    const { x, y, width, height } = (await pad.boundingBox())!
    await page.mouse.move(x + width / 3, y + height / 3)
    await page.mouse.down()
    await page.mouse.move(x + width / 2, y + height / 2, { steps: 3 })
    await page.mouse.up()
    await expect.poll(() => field(page, 'drawing'), { timeout: PATIENCE }).toMatch(/^b2:/)
    const white = { width: 256, height: 256, data: new Uint8Array(256 * 256 * 3).fill(255) }
    const drawn = painted(white, parseStrokes(field(page, 'drawing')))
    await expectSaid(page, 'The answer while you paint', drawn)
    await page.getByRole('button', { name: 'Keep as a picture' }).click()
    await page.getByText('Kept: drawing is among the pictures.').waitFor()
    await page.getByRole('button', { name: 'drawing', pressed: true }).waitFor()
    await page.context().close()
  })

  it('nudges a picture as the library does', async () => {
    const page = await site.open(`${LOOK}&hand=nudge`)
    const nudged = page.getByTestId('nudged')
    await nudged.waitFor()
    const input = await model.prepare(frog)
    const { std } = model.preprocessing
    const expected = async (epsilon: number, target?: number) => {
      const steps = Array.from(std, (one) => epsilon / 255 / one)
      const { data } = await fastGradientSign(model.network, input, { epsilon: steps, target })
      return asPrepared(model.preprocessing, data)
    }
    await expectSaid(page, 'Before', frog)
    await expectSaid(page, 'After', await expected(4))
    await page.getByRole('slider', { name: /^ε/ }).fill('12')
    await page.getByText('ε: 12 of 255').waitFor()
    await expectSaid(page, 'After', await expected(12))
    await page.getByText('The difference, 11 times as large').waitFor()
    await page.getByRole('combobox', { name: 'Away from' }).selectOption('dog')
    await expectSaid(page, 'After', await expected(12, model.labels.indexOf('dog')))
    expect(field(page, 'epsilon')).toBe('12')
    expect(field(page, 'away')).toBe(`${model.labels.indexOf('dog')}`)
    const after = page.getByRole('img', { name: 'frog.png, nudged by 12 of 255' })
    const shown = await pixelsOf(after)
    const link = page.url()
    await page.goto('about:blank')
    await page.goto(link)
    await expect.poll(() => pixelsOf(after), { timeout: PATIENCE }).toBe(shown)
    // No step, no difference.
    await page.getByRole('slider', { name: /^ε/ }).fill('0')
    await page.getByText('No difference yet').waitFor()
    await expectSaid(page, 'After', frog)
    await page.context().close()
  })
})
