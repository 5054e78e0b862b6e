// Addresses, in Chromium: a link opens what was shown, Back finds it as it was, Share hands it out.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodePicture, type Picture, shapes } from '@alexnet/data'
import { expect, it } from 'vitest'
import { bars, card } from './engine/answer-card.ts'
import { asFile, describeSite, folder, PATIENCE, picturesFor, saved } from './testing/site.ts'

const LINK =
  '#/look?model=shapes&picture=triangle&layer=features.3&unit=2,4,5&off=features.0:1,3;features.1&map=occlusion:2'

describeSite('An address', (site) => {
  it('opens what was shown, and Back finds it as it was', async () => {
    const page = await site.open(LINK)
    const shown = async () => {
      await page.getByTestId('status').filter({ hasText: 'LeNet-5' }).waitFor()
      await page.getByRole('button', { name: 'triangle.png', pressed: true }).waitFor()
      await page.getByRole('heading', { name: 'features.3: conv' }).waitFor()
      await page.getByText(/^Channel 2 at row 4, column 5/).waitFor()
      await page.getByText('Off: features.0, channels 1, 3; features.1').waitFor()
      await page.getByRole('img', { name: 'occlusion for triangle' }).waitFor()
      expect(new URL(page.url()).hash).toBe(LINK)
    }
    await shown()
    await page.getByRole('link', { name: 'Train' }).click()
    await page.getByRole('heading', { level: 1, name: 'Train' }).waitFor()
    await page.goBack()
    await shown()
    await page.context().close()
  })

  it('follows what is chosen, and leaves a unit behind with its network', async () => {
    const page = await site.open('#/look?model=shapes')
    await page.getByRole('spinbutton', { name: 'channel' }).fill('3')
    await expect
      .poll(() => new URL(page.url()).hash, { timeout: PATIENCE })
      .toContain('layer=features.0&unit=3,0,0')
    await page.getByRole('button', { name: 'Switch off channel 3' }).click()
    await expect
      .poll(() => new URL(page.url()).hash, { timeout: PATIENCE })
      .toContain('off=features.0:3')
    await page.getByRole('combobox', { name: 'Model' }).selectOption('shapes-paper')
    await expect
      .poll(() => new URL(page.url()).hash, { timeout: PATIENCE })
      .toBe('#/look?model=shapes-paper&picture=ring&layer=features.0')
    await page.context().close()
  })

  it('is handed out, without a picture of one’s own', async () => {
    const page = await site.open('#/classify?picture=dog')
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('heading', { name: 'dog.png' }).waitFor()
    await expect
      .poll(() => new URL(page.url()).hash, { timeout: PATIENCE })
      .toBe('#/classify?picture=dog&model=cifar10-int8')
    await page.getByRole('button', { name: 'Share' }).click()
    await page.getByText('The link is copied.').waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(page.url())
    const frame = await page.getByLabel('To show it in a page of yours').inputValue()
    const embedded = await site.open()
    await embedded.setContent(`<!doctype html>${frame}`)
    const inside = embedded.frameLocator('iframe')
    await inside.getByRole('heading', { name: 'dog.png' }).waitFor()
    expect(await inside.getByRole('banner').count()).toBe(0)
    await embedded.context().close()
    const own = await asFile(shapes({ count: 1, size: 32, seed: 5 }), 0)
    await picturesFor(page, 'classify').setInputFiles([own])
    await expect.poll(() => page.url()).not.toContain('picture=')
    // The link was to the picture before.
    await page.getByText('The link is copied.').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Share' }).click()
    await page.getByText('The link is copied. The link has all but your own picture').waitFor()
    await page.context().close()
  })

  it('comes with a picture of the answer', async () => {
    const page = await site.open('#/classify?model=cifar10-int8&picture=dog')
    await page.locator('.bars').first().waitFor()
    const shown = await page.locator('.results .value').allTextContents()
    await page.getByRole('button', { name: 'Share' }).click()
    const { bytes } = await saved(page, 'Save the picture and its answer')
    const png = await decodePicture(bytes, { path: 'card.png' })
    expect(png).toMatchObject({ width: card.width, height: card.height })
    const at = (picture: Picture, x: number, y: number) => [
      ...picture.data.subarray(3 * (y * picture.width + x), 3 * (y * picture.width + x) + 3),
    ]
    // The picture's own pixels, each a square.
    const dog = await decodePicture(readFileSync(join(folder, 'public/samples/dog.png')), {
      path: 'dog.png',
    })
    const zoom = card.picture / dog.width
    for (const [x, y] of [
      [3, 4],
      [16, 20],
      [29, 30],
    ] as const) {
      const place = [x, y].map((pixel) => Math.floor(card.margin + (pixel + 0.5) * zoom))
      expect(at(png, place[0]!, place[1]!)).toEqual(at(dog, x, y))
    }
    // Bars as long as the probabilities that the page says.
    const length = bars.right - bars.left
    for (const [rank, text] of shown.entries()) {
      const y = bars.top + rank * bars.step + bars.height / 2
      const [rest] = [at(png, bars.right - 1, y), at(png, bars.left, y)]
      const filled = Array.from({ length }, (_, x) => at(png, bars.left + x, y)).filter(
        (colour) => colour.join() !== rest!.join(),
      )
      const expected = Number.parseFloat(text) / 100
      if (expected < 0.99) expect(Math.abs(filled.length / length - expected)).toBeLessThan(0.004)
    }
    await page.context().close()
  })

  it('holds ten views, both pictures that are compared, and the settings of a run', async () => {
    const page = await site.open('#/classify?model=shapes&picture=star&views=ten')
    const hash = () => new URL(page.url()).hash
    const views = page.getByRole('switch', { name: /^Ten views/ })
    await page.locator('.bars').first().waitFor()
    expect(await views.isChecked()).toBe(true)
    // Another visit's address, and Back from it.
    await page.goto(`${site.url}#/classify?model=shapes&picture=star`)
    await expect.poll(() => views.isChecked(), { timeout: PATIENCE }).toBe(false)
    await page.goBack()
    await expect.poll(() => views.isChecked(), { timeout: PATIENCE }).toBe(true)
    await expect.poll(hash, { timeout: PATIENCE }).toContain('views=ten')
    await views.click()
    await expect.poll(hash, { timeout: PATIENCE }).not.toContain('views')

    await page.goto(`${site.url}#/compare?model=shapes&picture=star&second=dots`)
    const distance = page.getByTestId('distance')
    await distance.filter({ hasText: 'star.png and dots.png' }).waitFor()
    await page.getByRole('button', { name: 'Second picture: star.png' }).click()
    await distance.filter({ hasText: 'star.png and star.png' }).waitFor()
    await expect.poll(hash, { timeout: PATIENCE }).toContain('second=star')
    await page.getByRole('link', { name: 'Train' }).click()

    await page.getByLabel('Epochs').fill('7')
    await page.getByLabel('Epochs').blur()
    await page.getByRole('switch', { name: /^Augment/ }).click()
    await expect
      .poll(hash, { timeout: PATIENCE })
      .toBe('#/train?source=shapes&augment=yes&epochs=7')
    await page.goto(`${site.url}#/train?source=own&start=head&rate=0.003`)
    await expect
      .poll(() => page.getByLabel('Learning rate (peak)').inputValue(), { timeout: PATIENCE })
      .toBe('0.003')
    expect(await page.getByRole('radio', { name: 'Your own classes' }).isChecked()).toBe(true)
    expect(await page.getByLabel('Epochs').inputValue()).toBe('4')
    await page.goBack()
    await expect.poll(() => page.getByLabel('Epochs').inputValue(), { timeout: PATIENCE }).toBe('7')
    expect(await page.getByRole('switch', { name: /^Augment/ }).isChecked()).toBe(true)
    await page.goBack()
    await distance.filter({ hasText: 'star.png and star.png' }).waitFor()
    await page.context().close()
  })

  it('says what it names that there is not', async () => {
    const page = await site.open('#/classify?model=none')
    await page.getByRole('alert').filter({ hasText: 'model=none' }).waitFor()
    await page.goto(`${site.url}#/classify?picture=none`)
    await page.getByRole('alert').filter({ hasText: 'picture=none' }).waitFor()
    await page.context().close()
  })
})
