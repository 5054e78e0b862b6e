// The drawing of the network, in Chromium: each layer has its map for the picture, a closer look, and opens at a press.
import { expect, it } from 'vitest'
import { describeSite, PATIENCE, pixelsOf } from '../testing/site.ts'

describeSite('The drawing of the network', (site) => {
  it('shows what each layer makes of the picture', async () => {
    const page = await site.open('#/look?model=shapes&picture=ring')
    const layers = page.getByRole('list', { name: 'Layers' }).getByRole('button')
    const faces = layers.locator('.face canvas')
    // conv3 gives maps of one place; behind it there is a flatten.
    const names = 'conv1 tanh avg pool conv2 tanh avg pool conv3 tanh flatten fc4 tanh fc5'
    await expect
      .poll(async () => (await layers.locator('.kind').allTextContents()).join(' '), {
        timeout: PATIENCE,
      })
      .toBe(names)
    await expect.poll(() => faces.count(), { timeout: PATIENCE }).toBe(await layers.count())
    const drawn = async () => Promise.all((await faces.all()).map(pixelsOf))
    const ring = await drawn()
    // A face is one of the maps that the layer itself shows.
    const sheet = page.getByRole('img', { name: /^Maps of features.0/ })
    await sheet.waitFor()
    const isOneOf = await sheet.evaluate((whole: HTMLCanvasElement) => {
      const face = document.querySelector<HTMLCanvasElement>('.face canvas')!
      const of = (canvas: HTMLCanvasElement, x: number, y: number) =>
        canvas.getContext('2d')!.getImageData(x, y, face.width, face.height).data.join()
      const wanted = of(face, 0, 0)
      const places = [1, 2 + face.width, 3 + 2 * face.width, 4 + 3 * face.width]
      return places.some((x) => places.some((y) => of(whole, x, y) === wanted))
    })
    expect(isOneOf).toBe(true)
    // Another picture, other maps; a layer switched off changes those behind it, and no others.
    await page.getByRole('button', { name: 'triangle.png' }).click()
    await expect.poll(async () => (await drawn())[0], { timeout: PATIENCE }).not.toBe(ring[0])
    await expect.poll(async () => (await drawn()).at(-1)).not.toBe(ring.at(-1))
    const whole = await drawn()
    await layers.nth(4).click()
    await page.getByRole('heading', { name: 'features.4: tanh' }).waitFor()
    await page.getByLabel('Switch this layer off').check()
    await expect.poll(async () => (await drawn())[4], { timeout: PATIENCE }).not.toBe(whole[4])
    expect((await drawn()).slice(0, 4)).toEqual(whole.slice(0, 4))
    await layers.nth(3).hover()
    const preview = page.locator('.preview canvas')
    await preview.waitFor()
    expect(await preview.evaluate((canvas: HTMLCanvasElement) => canvas.width)).toBe(3 * 11 + 1)
    // The last one's has room, too.
    await layers.last().hover()
    await preview.waitFor()
    const isWithin = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)
    expect(isWithin).toBe(true)
    await page.getByRole('heading', { name: 'The network' }).hover()
    await preview.waitFor({ state: 'detached' })
    await page.context().close()
  })
})
