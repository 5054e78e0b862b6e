// Live, in Chromium with a camera that is a drawing: frames are named as fast as they come, the space bar freezes them, the
// camera is let go when the page is hidden or left, and nothing is held from frame to frame.
import { openModel } from '@alexnet/model'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { axeFinds, describeSite, openSmall, PATIENCE } from '../testing/site.ts'

const framesOf = async (page: Page) =>
  Number((await page.getByTestId('live').locator('dd').nth(2).textContent())!.replaceAll(',', ''))
const heldOf = (page: Page) => page.getByTestId('live').getAttribute('data-held')

/** Waits for so many frames in all. */
const frames = (page: Page, count: number) =>
  expect.poll(() => framesOf(page), { timeout: PATIENCE }).toBeGreaterThanOrEqual(count)

/** Keeps every stream that a page opens, so that a test sees whether its tracks are live. */
const keepStreams = () => {
  const streams: MediaStream[] = []
  const { mediaDevices } = navigator
  const open = mediaDevices.getUserMedia.bind(mediaDevices)
  mediaDevices.getUserMedia = async (asked) => {
    streams.push(await open(asked))
    return streams.at(-1)!
  }
  Object.assign(globalThis, { streams })
}
const statesOf = (page: Page) =>
  page.evaluate(() =>
    (globalThis as unknown as { streams: MediaStream[] }).streams.map(
      (stream) => stream.getTracks()[0]!.readyState,
    ),
  )

describeSite('Live', (site) => {
  async function open(path: string): Promise<Page> {
    const page = await site.open('about:blank', { permissions: ['camera'] })
    await page.addInitScript(keepStreams)
    await page.goto(site.url + path)
    await page.getByTestId('status').waitFor()
    return page
  }

  it('names what the camera sees, and holds nothing after 300 frames', async () => {
    const page = await open('#/live?layer=features.1')
    expect(await statesOf(page)).toEqual([])
    await page.getByRole('button', { name: 'Start the camera' }).click()
    await frames(page, 20)
    const held = await heldOf(page)
    expect(JSON.parse(held!).tensors).toBeGreaterThan(0)
    await frames(page, 330)
    expect(await heldOf(page)).toBe(held)
    const rate = Number(await page.getByTestId('live').locator('dd').first().textContent())
    expect(rate).toBeGreaterThan(0)
    expect(await page.locator('.live .bars li').count()).toBe(5)
    const maps = page.getByRole('img', { name: /^Map \d+ of features\.1$/ })
    expect(await maps.count()).toBe(8)
    const channels = await maps.evaluateAll((all) => all.map((one) => one.ariaLabel))
    expect(new Set(channels).size).toBe(8)
    // Of another layer: the network to it is made anew, and again nothing is held.
    await page.getByRole('combobox', { name: 'Maps of' }).selectOption('features.0')
    await page
      .getByRole('img', { name: /^Map \d+ of features\.0$/ })
      .first()
      .waitFor()
    expect(page.url()).toContain('layer=features.0')
    const before = await framesOf(page)
    await frames(page, before + 20)
    expect(await heldOf(page)).toBe(held)
    await page.getByRole('combobox', { name: 'Maps of' }).selectOption('none')
    await page
      .getByRole('img', { name: /^Map \d+/ })
      .first()
      .waitFor({ state: 'detached' })
    await frames(page, before + 40)
    await page.context().close()
  })

  it('is frozen by the space bar, at the frame that stands', async () => {
    const page = await open('#/live')
    await page.getByRole('button', { name: 'Start the camera' }).click()
    await frames(page, 5)
    const freeze = page.getByRole('button', { name: 'Freeze' })
    const video = page.locator('video')
    const isPaused = () => video.evaluate(({ paused }: HTMLVideoElement) => paused)
    // The keyboard is at the button now; elsewhere on the page the space bar does the same.
    await page.keyboard.press('Space')
    await expect.poll(() => freeze.getAttribute('aria-pressed')).toBe('true')
    await expect.poll(isPaused).toBe(true)
    await page
      .getByRole('status')
      .filter({ hasText: /^Frozen at \w+, [\d.]+%\.$/ })
      .waitFor()
    // That is said once the frame that stands is answered.
    const stands = await framesOf(page)
    // The answer is that of the frame that stands, in Node.
    const png = await video.evaluate((element: HTMLVideoElement) => {
      const canvas = document.createElement('canvas')
      Object.assign(canvas, { width: element.videoWidth, height: element.videoHeight })
      canvas.getContext('2d')!.drawImage(element, 0, 0)
      return canvas.toDataURL().split(',')[1]!
    })
    const model = await openModel('cifar10-int8')
    const expected = await model.classify(Buffer.from(png, 'base64'))
    model.dispose()
    const labels = await page.locator('.live .bars .label').allTextContents()
    expect(labels).toEqual(expected.map(({ label }) => label))
    const shares = await page.locator('.live .bars .value').allTextContents()
    for (const [rank, { probability }] of expected.entries()) {
      // They are shown with one decimal.
      expect(Math.abs(Number.parseFloat(shares[rank]!) - 100 * probability)).toBeLessThan(0.06)
    }
    await page.waitForTimeout(500)
    expect(await framesOf(page)).toBe(stands)
    // Another layer of the same frame.
    await page.getByRole('combobox', { name: 'Maps of' }).selectOption('features.3')
    await page
      .getByRole('img', { name: /^Map \d+ of features\.3$/ })
      .first()
      .waitFor()
    expect(await isPaused()).toBe(true)
    await page.getByRole('heading', { level: 1 }).focus()
    await page.keyboard.press('Space')
    await expect.poll(() => freeze.getAttribute('aria-pressed')).toBe('false')
    await frames(page, stands + 10)
    expect(await axeFinds(page)).toEqual([])
    for (const width of [1200, 390]) {
      await page.setViewportSize({ width, height: 844 })
      const wide = await page.evaluate(() => document.documentElement.scrollWidth)
      expect(wide).toBeLessThanOrEqual(width)
    }
    await page.context().close()
  })

  it('lets the camera go when it is stopped, hidden or left', async () => {
    const page = await open('#/live')
    const start = page.getByRole('button', { name: 'Start the camera' })
    await start.click()
    await frames(page, 3)
    await expect.poll(() => statesOf(page)).toEqual(['live'])
    await page.getByRole('button', { name: 'Stop the camera' }).click()
    await expect.poll(() => statesOf(page)).toEqual(['ended'])
    await start.click()
    await frames(page, 6)
    // As another tab in front of it does.
    const hide = (isHidden: boolean) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))
      }, isHidden)
    await hide(true)
    await expect.poll(() => statesOf(page)).toEqual(['ended', 'ended'])
    const stands = await framesOf(page)
    await hide(false)
    await frames(page, stands + 3)
    await expect.poll(() => statesOf(page)).toEqual(['ended', 'ended', 'live'])
    await page.getByRole('link', { name: 'Backends' }).click()
    await page.getByRole('heading', { level: 1, name: 'Backends' }).waitFor()
    await expect.poll(() => statesOf(page)).toEqual(['ended', 'ended', 'ended'])
    await page.context().close()
  })

  it('goes on with another model, and with fewer frames for whoever asks for less motion', async () => {
    const page = await openSmall(site, '#/live', {
      permissions: ['camera'],
      reducedMotion: 'reduce',
    })
    await page.getByRole('button', { name: 'Start the camera' }).click()
    await frames(page, 4)
    const rate = Number(await page.getByTestId('live').locator('dd').first().textContent())
    expect(rate).toBeLessThanOrEqual(2)
    await page.getByRole('combobox', { name: 'Model' }).selectOption('shapes-paper')
    await page.getByTestId('status').filter({ hasText: "the paper's layers" }).waitFor()
    const before = await framesOf(page)
    await frames(page, before + 3)
    await page
      .getByRole('img', { name: /^Map \d+ of features\.0$/ })
      .first()
      .waitFor()
    expect(await page.getByRole('alert').count()).toBe(0)
    await page.context().close()
  })

  it('says what to do where there is no camera', async () => {
    const page = await site.open('#/live')
    await page.getByTestId('status').waitFor()
    await page.getByRole('button', { name: 'Start the camera' }).click()
    await page.getByRole('alert').filter({ hasText: 'The camera is not allowed' }).waitFor()
    await page.getByRole('button', { name: 'Start the camera' }).waitFor()
    await page.context().close()
  })
})
