// Take away, in Chromium: a classifier of three classes is trained, taken away as a zip, and unpacked; its page answers as the
// playground does, opened by a double click without any network, and from a server that sends no headers of its own.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { shapes } from '@alexnet/data'
import { openModel, type Prediction } from '@alexnet/model'
import { unzipSync } from 'fflate'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, expect, it } from 'vitest'
import {
  asFile,
  axeFinds,
  describeSite,
  openTrain,
  PATIENCE,
  picturesFor,
  saved,
} from '../testing/site.ts'

const folder = mkdtempSync(join(tmpdir(), 'take-away-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type File = Awaited<ReturnType<typeof asFile>>

/** The files of a zip, written into a folder of their own. */
function unpack(zip: Uint8Array, name: string): string {
  const place = join(folder, name)
  mkdirSync(place)
  for (const [file, bytes] of Object.entries(unzipSync(zip))) {
    writeFileSync(join(place, file), bytes)
  }
  return place
}

/** A folder on a server that says no more than what kind of file each is. */
async function serve(place: string) {
  const server = createServer(({ url }, response) => {
    const name = basename(url!) || 'index.html'
    const type = name.endsWith('.html') ? 'text/html' : 'text/javascript'
    try {
      response.setHeader('content-type', type).end(readFileSync(join(place, name)))
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Lets a picture's file fall on the page. */
const drop = (page: Page, { name, mimeType, buffer }: File) =>
  page.evaluate(
    ({ name, type, base64 }) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
      const dataTransfer = new DataTransfer()
      dataTransfer.items.add(new File([bytes], name, { type }))
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }))
    },
    { name, type: mimeType, base64: buffer.toString('base64') },
  )

/** A picture copied and pasted by the keys. */
async function paste(page: Page, { mimeType, buffer }: File): Promise<void> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.evaluate(
    async ({ type, base64 }) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
      await navigator.clipboard.write([new ClipboardItem({ [type]: new Blob([bytes], { type }) })])
    },
    { type: mimeType, base64: buffer.toString('base64') },
  )
  await page.keyboard.press('ControlOrMeta+V')
}

/** The classes and their probabilities, as the page that was taken away has them. */
const given = async (page: Page): Promise<Record<string, number>> => {
  await page.locator('li').first().waitFor()
  return Object.fromEntries(
    await page
      .locator('li')
      .evaluateAll((items) =>
        items.map((item) => [
          item.firstElementChild!.textContent!,
          Number((item as HTMLElement).dataset.probability),
        ]),
      ),
  )
}

function expectSame(found: Record<string, number>, expected: readonly Prediction[]): void {
  expect(Object.keys(found)).toEqual(expected.map(({ label }) => label))
  for (const { label, probability } of expected) {
    expect(Math.abs(found[label]! - probability), label).toBeLessThan(1e-4)
  }
}

/** What the playground answers to a picture. */
async function answerOf(page: Page, picture: File): Promise<Prediction[]> {
  await page.getByRole('link', { name: 'Classify', exact: true }).click()
  await page.getByRole('button', { name: 'Clear' }).click()
  await picturesFor(page, 'classify').setInputFiles([picture])
  await page.locator('.results .bars').waitFor()
  const { bytes } = await saved(page, 'Save as JSON')
  return JSON.parse(bytes.toString()).results[0].top
}

describeSite('Take away', (site) => {
  /** A page that was taken away, in a browser of its own; what it complains of. */
  async function openTaken(address: string, options: BrowserContextOptions = {}) {
    const context = await site.browser.newContext({ locale: 'en-US', ...options })
    const page = await context.newPage()
    page.setDefaultTimeout(PATIENCE)
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
    await page.goto(address)
    return { page, problems }
  }

  it('gives a classifier of one’s own as a page that opens anywhere', async () => {
    const page = await openTrain(site)
    await page.getByLabel('Your own classes').check()
    const dataset = shapes({ count: 90, size: 32, seed: 9 })
    const classes = ['circle', 'stripes', 'star']
    for (const name of classes) {
      await page.getByPlaceholder('A class, such as cup').fill(name)
      await page.getByRole('button', { name: 'Add class' }).click()
      const indices = Array.from({ length: dataset.length }, (_, index) => index).filter(
        (index) => dataset.classes[dataset.label(index)] === name,
      )
      await picturesFor(page, name).setInputFiles(
        await Promise.all(indices.map((index) => asFile(dataset, index))),
      )
      await page.getByRole('heading', { name: `${name} ${indices.length} pictures` }).waitFor()
    }
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await page.getByText(/^Done: step/).waitFor({ timeout: PATIENCE })
    await page.getByRole('button', { name: 'Take it away' }).click()
    await page.getByTestId('status').filter({ hasText: 'classifier.safetensors' }).waitFor()
    await page.getByLabel('What it is called').fill('Round or <striped>')
    const { bytes: zip } = await saved(page, 'Save the page (.zip)')
    await page.getByText(/^round-or-striped.zip: 0.\d MB/).waitFor()

    const unpacked = unzipSync(zip)
    expect(Object.keys(unpacked).sort()).toEqual(['classifier.js', 'index.html', 'model.js'])
    // The model's numbers, and what a page with TensorFlow.js in it takes.
    const { bytes: file, path } = await saved(page, 'Save the file')
    expect(zip.length - file.length).toBeLessThan(600_000)
    expect(unpacked['classifier.js']!.length).toBeLessThan(1_750_000)
    // The file is what a program opens.
    const inNode = await openModel(new Uint8Array(file), { name: path })
    expect(inNode.labels).toEqual(classes)
    const { bytes: pictures } = await saved(page, 'Save the data set')
    const folders = Object.keys(unzipSync(pictures)).map((name) => name.split('/')[0])
    expect([...new Set(folders)].sort()).toEqual([...classes].sort())

    const pictureOfOther = await asFile(shapes({ count: 4, size: 120, seed: 33 }), 2)
    const expected = await answerOf(page, pictureOfOther)
    expect(expected).toHaveLength(3)

    const place = unpack(zip, 'mine')
    const home = pathToFileURL(join(place, 'index.html')).href
    const offline = await openTaken(home, { offline: true })
    await offline.page.getByRole('heading', { name: 'Round or <striped>' }).waitFor()
    await drop(offline.page, pictureOfOther)
    expectSame(await given(offline.page), expected)
    expect(offline.problems).toEqual([])
    expect(await axeFinds(offline.page)).toEqual([])

    const server = await serve(place)
    const served = await openTaken(server.url, { viewport: { width: 390, height: 844 } })
    expect(await served.page.evaluate(() => crossOriginIsolated)).toBe(false)
    await served.page.locator('input[type=file]').setInputFiles([pictureOfOther])
    expectSame(await given(served.page), expected)
    // Pasted, it is another picture that is answered.
    const pasted = shapes({ count: 4, size: 120, seed: 33 })
    const [other] = await inNode.classify([await pasted.load(1)], { topK: 3 })
    await paste(served.page, await asFile(pasted, 1))
    await expect
      .poll(async () => (await given(served.page))[other![0]!.label], { timeout: PATIENCE })
      .toBeCloseTo(other![0]!.probability, 4)
    expectSame(await given(served.page), other!)
    // A phone is wide enough.
    const width = await served.page.evaluate(() => document.documentElement.scrollWidth)
    expect(width).toBeLessThanOrEqual(390)
    server.close()

    inNode.dispose()
    for (const one of [page, offline.page, served.page]) await one.context().close()
  })

  it('gives the model that the page opens with, whose int8 weights stay as they are', async () => {
    const page = await site.open('#/take')
    await page.getByTestId('status').waitFor()
    expect(await page.getByLabel('Weights').inputValue()).toBe('int8')
    const { bytes: zip } = await saved(page, 'Save the page (.zip)')
    expect(zip.length).toBeLessThan(1_920_000 + 600_000)
    const picture = await asFile(shapes({ count: 1, size: 90, seed: 3 }), 0)
    const expected = await answerOf(page, picture)
    const home = pathToFileURL(join(unpack(zip, 'cifar'), 'index.html')).href
    const { page: taken, problems } = await openTaken(home, {
      offline: true,
      locale: 'zh-CN',
      permissions: ['camera'],
    })
    await drop(taken, picture)
    const found = await given(taken)
    expectSame(Object.fromEntries(Object.entries(found).slice(0, 5)), expected)
    // What is no picture is told of; the camera names what it sees until it is closed.
    await drop(taken, { name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('none') })
    await taken.getByRole('alert').filter({ hasText: '这不是图片文件' }).waitFor()
    await drop(taken, { name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('none') })
    await taken.getByRole('alert').filter({ hasText: 'a.png' }).waitFor()
    await taken.getByRole('button', { name: '摄像头', exact: true }).click()
    await taken.locator('video').waitFor()
    await taken.locator('li').first().waitFor()
    expect(await taken.getByRole('alert').count()).toBe(0)
    await taken.getByRole('button', { name: '关闭摄像头' }).click()
    await taken.locator('video').waitFor({ state: 'detached' })
    expect(problems).toEqual([])
    await page.context().close()
    await taken.context().close()
  })

  it('says what to do where the page stands without its model', async () => {
    const page = await site.open('#/take')
    await page.getByTestId('status').waitFor()
    const { bytes: zip } = await saved(page, 'Save the page (.zip)')
    const place = unpack(zip, 'alone')
    rmSync(join(place, 'model.js'))
    const { page: taken } = await openTaken(pathToFileURL(join(place, 'index.html')).href)
    await taken.getByRole('alert').filter({ hasText: 'unpack the whole zip file' }).waitFor()
    rmSync(join(place, 'classifier.js'))
    await taken.reload()
    await taken.getByText('If this stays here').waitFor()
    await page.context().close()
    await taken.context().close()
  })

  it('needs no network once a page has been taken', async () => {
    const page = await site.open('#/take', { serviceWorkers: 'allow' })
    await page.getByTestId('status').waitFor()
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null)
    const { bytes: first } = await saved(page, 'Save the page (.zip)')
    await page.context().setOffline(true)
    await page.reload()
    await page.getByTestId('status').waitFor()
    const { bytes: again } = await saved(page, 'Save the page (.zip)')
    const script = (zip: Uint8Array) => Buffer.from(unzipSync(zip)['classifier.js']!)
    expect(script(again).equals(script(first))).toBe(true)
    await page.context().close()
  })

  it('hands out the programs', async () => {
    const page = await site.open('#/take', { permissions: ['clipboard-read', 'clipboard-write'] })
    await page.getByTestId('status').waitFor()
    await page.getByLabel('What it is called').fill('杯子')
    await page.getByRole('button', { name: 'Copy: In Node' }).click()
    await page.getByText('Copied.').waitFor()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    expect(copied).toContain("const model = await openModel('杯子.safetensors')")
    await page.context().close()
  })
})
