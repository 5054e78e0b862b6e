// The map of pictures, in Chromium: planted duplicates and wrong labels are found, a lasso and the keyboard take pictures, the
// labels' accuracy is the library's, and what was dropped is let go of.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Dataset, encodePng, shapes } from '@alexnet/data'
import { openModel } from '@alexnet/model'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { expect, it } from 'vitest'
import { describeSite, folder, openSmall, PATIENCE, picturesFor } from '../testing/site.ts'

const drawn = shapes({ count: 60, size: 32, seed: 12 })
const labelOf = (dataset: Dataset, index: number) => dataset.classes[dataset.label(index)]!

const png = async (index: number) => Buffer.from(await encodePng(await drawn.load(index)))
const picture = async (index: number, name = `${index}.png`) => ({
  name,
  mimeType: 'image/png',
  buffer: await png(index),
})

async function give(page: Page, files: Awaited<ReturnType<typeof picture>>[]): Promise<void> {
  await page.getByRole('button', { name: 'Clear' }).click()
  await picturesFor(page, 'map').setInputFiles(files)
  await mapOf(page, files.length).waitFor({ timeout: PATIENCE })
}

const mapOf = (page: Page, count: number) =>
  page.getByRole('img', { name: new RegExp(`^Map of ${count} pictures`) })

const csvOf = (labels: readonly string[]) => ({
  name: 'labels.csv',
  mimeType: 'text/csv',
  buffer: Buffer.from(`name,label\n${labels.map((label, i) => `${i}.png,${label}`).join('\n')}\n`),
})

describeSite('The map of pictures', (site) => {
  it('finds planted duplicates and wrong labels, and counts right answers', async () => {
    const page = await openSmall(site, '#/map')
    await mapOf(page, 10).waitFor({ timeout: PATIENCE })
    const files = await Promise.all(Array.from({ length: 60 }, (_, index) => picture(index)))
    const jpeg = await sharp(await png(9))
      .jpeg({ quality: 98, chromaSubsampling: '4:4:4' })
      .toBuffer()
    await give(page, [
      ...files,
      await picture(3, 'again.png'),
      { name: 'other.jpg', mimeType: 'image/jpeg', buffer: jpeg },
    ])
    const pairs = page.getByTestId('duplicates').locator('li')
    await pairs.first().waitFor()
    const found = await pairs.locator('small').allTextContents()
    const has = (a: string, b: string) =>
      found.some((text) => text.includes(`${a} and ${b}`) || text.includes(`${b} and ${a}`))
    expect(has('3.png', 'again.png'), found.join('\n')).toBe(true)
    expect(has('9.png', 'other.jpg'), found.join('\n')).toBe(true)
    await page.getByText('No picture has a label').waitFor()

    // Labels as a table, three of them wrong.
    const planted = [7, 25, 41]
    const truth = Array.from({ length: 60 }, (_, index) => labelOf(drawn, index))
    const wrong = truth.map((label, index) => {
      if (!planted.includes(index)) return label
      return drawn.classes[(drawn.classes.indexOf(label) + 3) % 10]!
    })
    await picturesFor(page, 'map').setInputFiles([csvOf(wrong)])
    await page.getByText('labels.csv: labels of 60 pictures taken.').waitFor()
    const suspects = page.getByTestId('suspects').locator('li')
    await suspects.first().waitFor()
    const said = await suspects.allTextContents()
    for (const index of planted) {
      const line = said.find((text) => text.startsWith(`${index}.png:`))
      expect(line, said.join('\n')).toContain(`labelled ${wrong[index]}`)
      expect(line).toContain(`neighbours are ${truth[index]}`)
    }
    // The network's own confusions are among them, too.
    expect(said.length).toBeLessThan(20)
    await page.getByTestId('right').filter({ hasText: 'Top-1' }).waitFor({ timeout: PATIENCE })
    const [, top1] = /Top-1: [\d.]+% \((\d+) of 60\)/.exec(
      (await page.getByTestId('right').textContent())!,
    )!
    // The model's own answers, one by one.
    const file = join(folder, 'src/models/shapes.safetensors')
    const model = await openModel(new Uint8Array(readFileSync(file)))
    const answers = await model.classify(await Promise.all(truth.map((_, i) => png(i))), {
      topK: 1,
    })
    model.dispose()
    const right = answers.filter(([top], index) => top!.label === wrong[index]).length
    expect(Number(top1)).toBe(right)
    await page.context().close()
  })

  it('is moved, zoomed and taken from, by pointer and keyboard, and its address brings it back', async () => {
    const page = await openSmall(site, '#/map')
    const map = mapOf(page, 10)
    await map.waitFor({ timeout: PATIENCE })
    await page.getByRole('button', { name: 'Lasso' }).click()
    await map.scrollIntoViewIfNeeded()
    const { x, y, width, height } = (await map.boundingBox())!
    const corners = [
      [0.01, 0.01],
      [0.99, 0.01],
      [0.99, 0.99],
      [0.01, 0.99],
    ] as const
    await page.mouse.move(x + 2, y + 2)
    await page.mouse.down()
    for (const [right, down] of corners) await page.mouse.move(x + right * width, y + down * height)
    await page.mouse.up()
    await page.getByTestId('taken').filter({ hasText: '10 pictures taken' }).waitFor()
    await page.getByRole('button', { name: 'Let go' }).click()
    await page.getByText('Nothing is taken yet.').waitFor()
    await map.focus()
    for (let presses = 0; presses < 6; presses++) await page.keyboard.press('+')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Enter')
    const some = async () => Number.parseInt((await page.getByTestId('taken').textContent())!, 10)
    const first = await some().catch(() => 0)
    expect(Number.isNaN(first) || first < 10).toBe(true)
    await page.keyboard.press('0')
    // As far in as it goes, at a corner.
    await page.mouse.move(x + 2, y + 2)
    for (let turns = 0; turns < 20; turns++) await page.mouse.wheel(0, -400)
    await page.getByRole('button', { name: 'Take what is in view' }).click()
    await page.getByText('Nothing is taken yet.').waitFor()
    await map.focus()
    await page.keyboard.press('0')
    await page.keyboard.press('Enter')
    await page.getByTestId('taken').filter({ hasText: '10 pictures taken' }).waitFor()
    // Another layer, another way.
    await page.getByRole('slider', { name: /^Layer/ }).fill('0')
    await page.getByRole('combobox', { name: 'Placed by' }).selectOption('pca')
    await page.getByRole('img', { name: 'Map of 10 pictures by conv1, PCA' }).waitFor()
    expect(new URL(page.url()).hash).toContain('by=pca')
    const link = page.url()
    await page.goto('about:blank')
    await page.goto(link)
    await page.getByRole('img', { name: /by conv1, PCA/ }).waitFor({ timeout: PATIENCE })
    await page.context().close()
  })

  it('takes a folder of class folders, and the classes of Train, with their labels', async () => {
    const set = mkdtempSync(join(tmpdir(), 'map-'))
    for (const [label, count] of [
      ['circle', 3],
      ['star', 6],
    ] as const) {
      mkdirSync(join(set, label))
      for (let index = 0; index < count; index++) {
        writeFileSync(join(set, label, `${index}.png`), await png(index))
      }
    }
    const page = await openSmall(site, '#/map')
    await mapOf(page, 10).waitFor({ timeout: PATIENCE })
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByTestId('folder-map').setInputFiles(set)
    await mapOf(page, 9).waitFor()
    const thin = page.getByTestId('thin').locator('li')
    await expect.poll(() => thin.allTextContents()).toEqual(['circle: 3 pictures'])
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByRole('button', { name: 'My classes of Train' }).click()
    await page.getByRole('alert').filter({ hasText: 'no classes of your own' }).waitFor()
    await page.goto(`${site.url}#/train?source=own`)
    await page.getByLabel('Folder of class folders').setInputFiles(set)
    await page.getByRole('heading', { name: 'star 6 pictures' }).waitFor()
    await page.getByRole('link', { name: 'Map', exact: true }).click()
    await page.getByRole('img', { name: /^Map of/ }).waitFor({ timeout: PATIENCE })
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByRole('button', { name: 'My classes of Train' }).click()
    await mapOf(page, 9).waitFor()
    await expect.poll(() => thin.allTextContents()).toEqual(['circle: 3 pictures'])
    // Files that have gone from the disk are left out, as broken ones are; the last one may still be at hand.
    rmSync(set, { recursive: true })
    await page.getByRole('slider', { name: /^Layer/ }).fill('0')
    await page.getByText(/^[89] pictures cannot be read/).waitFor()
    await page.context().close()
  })

  it('says what is wrong with a table, and goes on without a broken picture', async () => {
    const page = await openSmall(site, '#/map')
    await mapOf(page, 10).waitFor({ timeout: PATIENCE })
    const table = {
      name: 'bad.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('a.png,cat\nb.png\n'),
    }
    await picturesFor(page, 'map').setInputFiles([table])
    await page.getByRole('alert').filter({ hasText: 'bad.csv, row 2' }).waitFor()
    await page.getByRole('button', { name: 'Clear' }).click()
    const broken = { name: 'b.png', mimeType: 'image/png', buffer: Buffer.from('no picture') }
    await picturesFor(page, 'map').setInputFiles([broken, await picture(0), await picture(1)])
    await mapOf(page, 2).waitFor()
    await page.getByText('1 picture cannot be read').waitFor()
    await page.context().close()
  })

  // Linux alone tells of each process what it holds in memory.
  it.skipIf(process.platform !== 'linux')(
    'holds two hundred photographs, and lets go of them',
    async () => {
      const page = await openSmall(site, '#/map')
      await mapOf(page, 10).waitFor({ timeout: PATIENCE })
      const photos = await Promise.all(
        Array.from({ length: 200 }, async (_, index) => {
          const noise = { type: 'gaussian' as const, mean: 40 + index, sigma: 30 }
          const create = {
            width: 640,
            height: 480,
            channels: 3 as const,
            background: 'black',
            noise,
          }
          const buffer = await sharp({ create }).jpeg().toBuffer()
          return { name: `${index}.jpg`, mimeType: 'image/jpeg', buffer }
        }),
      )
      // What the page's process holds: heap, workers, bitmaps, memory of WebAssembly.
      const browser = await site.browser.newBrowserCDPSession()
      const session = await page.context().newCDPSession(page)
      const megabytes = async () => {
        await session.send('HeapProfiler.collectGarbage')
        const { processInfo } = await browser.send('SystemInfo.getProcessInfo')
        const pages = processInfo.filter(({ type }) => type === 'renderer')
        const pagesOf = ({ id }: { id: number }) =>
          readFileSync(`/proc/${id}/statm`, 'utf8').split(' ')
        return Math.max(...pages.map((one) => (Number(pagesOf(one)[1]) * 4096) / 1e6))
      }
      await page.getByRole('button', { name: 'Clear' }).click()
      const before = await megabytes()
      await picturesFor(page, 'map').setInputFiles(photos)
      await mapOf(page, 200).waitFor({ timeout: PATIENCE })
      await page.getByRole('button', { name: 'Zoom in' }).click()
      await page.getByRole('button', { name: 'Clear' }).click()
      await page.getByText('No picture yet').waitFor()
      await expect
        .poll(async () => (await megabytes()) - before, { timeout: PATIENCE, interval: 2000 })
        .toBeLessThan(30)
      await page.context().close()
    },
  )
})
