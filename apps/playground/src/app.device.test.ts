// What holds for every page, in Chromium: nothing that axe-core finds, the keyboard is enough, a phone is
// wide enough, and no network is needed after the first visit.
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import {
  axeFinds,
  describeSite,
  namesOfSeveral,
  nextFrame,
  openSmall,
  PATIENCE,
  wide,
  withSmallModel,
} from './testing/site.ts'

const names = [
  ...([
    'home',
    'tour',
    'classify',
    'look',
    'compare',
    'map',
    'train',
    'take',
    'live',
    'paper',
    'backends',
  ] as const),
  'look?model=shapes&layer=classifier.2&unit=3' as const,
  'look?model=shapes&hand=paint&strokes=g6:gggh' as const,
  'look?model=shapes&hand=nudge' as const,
]
const sizes = { screen: { width: 1200, height: 900 }, phone: { width: 390, height: 844 } }
/** Each size and each scheme once; when wide, all four together. */
const schemes = {
  screen: wide ? (['light', 'dark'] as const) : (['light'] as const),
  phone: wide ? (['light', 'dark'] as const) : (['dark'] as const),
}

/** Brings a page to where it has all its parts. */
async function fill(page: Page, name: (typeof names)[number]): Promise<void> {
  if (name === 'classify' || name === 'home') await page.locator('.bars').first().waitFor()
  if (name === 'tour') {
    await page.getByRole('button', { name: 'about 600 thousand' }).click()
    await page.getByRole('img', { name: /^Maps of/ }).waitFor()
    await page.getByRole('button', { name: 'Share' }).click()
  }
  if (name === 'look') {
    await page.getByRole('spinbutton', { name: 'channel' }).fill('2')
    await page.getByRole('img', { name: 'What the unit sees', exact: true }).waitFor()
    await page.getByRole('img', { name: /^grad-cam for/ }).waitFor()
  }
  if (name === 'look') {
    await page.getByText('What channel 2 likes').click()
    await page.locator('.alike li').first().waitFor()
    await page.getByRole('button', { name: 'All methods, side by side' }).click()
    await page.getByRole('img', { name: /^occlusion for/ }).waitFor({ timeout: PATIENCE })
  }
  if (name.includes('unit=')) {
    await page.getByTestId('share').waitFor()
    await page.getByRole('combobox', { name: 'Class', exact: true }).waitFor()
  }
  if (name.includes('hand=')) await page.getByTestId('far').waitFor()
  if (name === 'map') {
    await page.getByRole('img', { name: /^Map of/ }).waitFor()
    await page.getByRole('button', { name: 'Take what is in view' }).click()
    await page.getByRole('region', { name: 'What it tells of the pictures' }).waitFor()
  }
  if (name === 'train') {
    await page.getByLabel('Pictures to draw').fill('200')
    await page.getByLabel('Epochs').fill('1')
    await page.getByLabel('Epochs').blur()
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await page.getByText(/^Done: step/).waitFor({ timeout: PATIENCE })
    await page.getByTestId('try').waitFor()
  }
  if (name === 'compare') await page.getByTestId('distance').waitFor()
  if (name === 'take') await page.getByRole('region', { name: 'In a program' }).waitFor()
  if (name === 'live') await page.getByRole('button', { name: 'Start the camera' }).waitFor()
  if (name === 'backends') await page.getByRole('button', { name: 'Measure' }).waitFor()
  if (name === 'paper') {
    await page.getByRole('button', { name: 'Start the race' }).click()
    await page.getByText(/After \d+ pictures/).waitFor()
    await page.getByRole('button', { name: 'Stop the race' }).click()
  }
}

describeSite('Every page', (site) => {
  it.each(names)('has nothing that axe-core finds and fits on a phone: %s', async (name) => {
    const page = await site.open(`#/${name}`, { viewport: sizes.screen })
    const small = ['classify', 'look', 'compare', 'map', 'train', 'take']
    if (small.includes(name)) await withSmallModel(page)
    await fill(page, name)
    expect(await namesOfSeveral(page)).toEqual([])
    for (const size of ['screen', 'phone'] as const) {
      const viewport = sizes[size]
      await page.setViewportSize(viewport)
      for (const colorScheme of schemes[size]) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        const found = await axeFinds(page)
        expect(found, `${size}, ${colorScheme}`).toEqual([])
      }
      // Charts take another width a frame after the page.
      await nextFrame(page)
      const wide = await page.evaluate(() => document.documentElement.scrollWidth)
      expect(wide, size).toBeLessThanOrEqual(viewport.width)
    }
    await page.context().close()
  })

  it('keeps what its colours say where the system forces its own', async () => {
    const page = await site.open('', { forcedColors: 'active' })
    await page.locator('.bars').first().waitFor()
    const colour = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((element) => getComputedStyle(element).backgroundColor)
    expect(await colour('.bars .bar > span')).not.toBe(await colour('.bars .bar'))
    await page.goto(`${site.url}#/look`)
    await page.locator('.layer .box').first().waitFor()
    expect(await colour('.layer.convolution .box')).not.toBe(await colour('.layer.relu .box'))
    // Which tool and which brush are on, and what colour it has.
    await page.getByRole('button', { name: 'Draw your own' }).click()
    const outline = (name: string) =>
      page
        .getByRole('button', { name, exact: true })
        .evaluate((element) => getComputedStyle(element).outlineStyle)
    await page.getByRole('img', { name: 'Drawing pad' }).waitFor()
    expect(await outline('Black')).toBe('solid')
    expect(await outline('Red')).toBe('none')
    expect(await colour('.ink.red')).not.toBe(await colour('.ink.blue'))
    await page.context().close()
  })

  it.each(['', '#/classify', '#/tour/3'])(
    'does not move on a phone while it fills: %s',
    async (path) => {
      const page = await site.open('', { viewport: sizes.phone })
      await page.addInitScript(() => {
        const shifts: number[] = []
        Object.assign(globalThis, { shifts })
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries())
            shifts.push((entry as unknown as { value: number }).value)
        }).observe({ type: 'layout-shift', buffered: true })
      })
      await page.goto('about:blank')
      await page.goto(site.url + path)
      await page
        .locator(path === '#/tour/3' ? 'canvas.sheet' : '.bars')
        .first()
        .waitFor()
      await nextFrame(page)
      const shifts = await page.evaluate(
        () => (globalThis as unknown as { shifts: number[] }).shifts,
      )
      expect(shifts.reduce((sum, shift) => sum + shift, 0)).toBeLessThan(0.02)
      await page.context().close()
    },
  )

  it('works offline after the first visit', async () => {
    const page = await openSmall(site, '#/classify', { serviceWorkers: 'allow' })
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready
    })
    await page.waitForFunction(async () => {
      const caches = await globalThis.caches.keys()
      const counts = await Promise.all(
        caches.map(async (name) => (await (await globalThis.caches.open(name)).keys()).length),
      )
      return counts.some((count) => count > 15)
    })
    await page.context().setOffline(true)
    await page.reload()
    await withSmallModel(page)
    await page.getByRole('button', { name: 'Samples' }).click()
    await expect.poll(() => page.locator('.bars').count(), { timeout: PATIENCE }).toBe(10)
    // Pages that the first visit did not open.
    await page.getByRole('link', { name: 'Train' }).click()
    await page.getByRole('button', { name: 'Show what that does' }).click()
    await page.getByRole('img', { name: 'The same picture, augmented: 8' }).waitFor()
    await page.context().close()
  })

  it('is used by keyboard', async () => {
    const page = await openSmall(site, '#/classify')
    await page.locator('.bars').first().waitFor()
    const active = () =>
      page.evaluate(() => {
        const element = document.activeElement as HTMLElement | null
        if (!element || element === document.body) return ''
        const label = (element as HTMLInputElement).labels?.[0]
        return (element.ariaLabel ?? label?.textContent ?? element.textContent ?? '').trim()
      })
    const activeTag = () => page.evaluate(() => document.activeElement?.tagName)
    await page.keyboard.press('Tab')
    expect(await active()).toBe('Skip to the page')
    await page.keyboard.press('Enter')
    expect(await activeTag()).toBe('H1')
    const reached: string[] = []
    for (let presses = 0; presses < 30; presses++) {
      await page.keyboard.press('Tab')
      const name = await active()
      if (name === '') break
      reached.push(name)
    }
    const wanted = ['Model', 'Backend', 'Choose pictures', 'Camera', 'Samples', 'Ten views']
    for (const name of [...wanted, 'Save as JSON', 'Save as CSV', 'Clear', 'Look inside']) {
      expect(
        reached.some((one) => one.startsWith(name)),
        `${name} in ${reached}`,
      ).toBe(true)
    }
    await page.getByRole('link', { name: 'Look inside' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Look inside' }).waitFor()
    // The link that was pressed has the same words.
    await expect.poll(activeTag).toBe('H1')
    expect(await active()).toBe('Look inside')
    // A layer, and a unit of it.
    await page.getByRole('button', { name: /avg pool\s*14×14×6/ }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: /avg pool/ }).waitFor()
    await page.keyboard.press('ArrowRight')
    await page.getByRole('heading', { name: 'features.3: conv' }).waitFor()
    await page.keyboard.press('ArrowLeft')
    await page.getByRole('heading', { name: /avg pool/ }).waitFor()
    expect(await active()).toMatch(/^avg pool/)
    expect(await page.locator('.network button[tabindex="0"]').count()).toBe(1)
    await page.getByRole('spinbutton', { name: 'channel' }).focus()
    await page.keyboard.press('ArrowUp')
    await page.getByText(/Channel \d at row 0, column 0/).waitFor()
    await page.context().close()
  })
})
