// Weights that lie on this machine, or at a mirror that the address names, in Chromium: one press of a button brings them,
// piece by piece. A small network of a thousand classes stands in for the real one: its file is written here as the command
// writes it, and its answers are those that it gives in Node.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { createAlexNet } from '@alexnet/core'
import { encodePng, shapes } from '@alexnet/data'
import { encodeModel, openModel } from '@alexnet/model'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeSite, folder, PATIENCE, saved } from '../testing/site.ts'

const place = mkdtempSync(join(tmpdir(), 'weights-'))
const shards = join(place, 'shards')
/** The second of three pieces. */
const SECOND = 'model.safetensors.2of3'
const closing: (() => void)[] = []

beforeAll(async () => {
  await useBackend([cpu()])
  const options = { variant: 'lenet-5', classes: 1000, inputSize: 224, seed: 3 } as const
  const network = createAlexNet(options)
  const preprocessing = {
    resize: 256,
    crop: 224,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
    interpolation: 'bilinear',
  } as const
  const labels = Array.from({ length: 1000 }, (_, index) => `kind ${index}`)
  const model = { network, labels, preprocessing, options }
  const write = async (format: 'shards' | 'safetensors', into: string) => {
    mkdirSync(into)
    for (const { path, chunks } of await encodeModel(model, { format, quantize: 'int8' })) {
      writeFileSync(join(into, path), Buffer.concat(chunks))
    }
  }
  await write('shards', shards)
  await write('safetensors', join(place, 'whole'))
  network.dispose()
}, PATIENCE)

afterAll(() => {
  for (const close of closing) close()
  rmSync(place, { recursive: true, force: true })
})

/** Serves the page as `npm run playground` does. @returns its address; what was said where it ended */
async function playground(...args: string[]): Promise<{ url?: string; said: string }> {
  const script = join(folder, 'scripts/serve.ts')
  const server = spawn(process.execPath, [script, '--port', '0', ...args])
  closing.push(() => server.kill())
  let said = ''
  return new Promise((resolve) => {
    const hear = (text: Buffer) => {
      said += text
      const url = /The playground is at (\S+)/.exec(said)?.[1]
      if (url) resolve({ url, said })
    }
    server.stdout.on('data', hear)
    server.stderr.on('data', hear)
    server.on('exit', (code) => resolve({ said: `${said}exit ${code}` }))
  })
}

/** A mirror of the folder that lets pages read it, some files replaced. */
async function mirror(replaced: Record<string, Uint8Array | undefined> = {}): Promise<string> {
  const server = createServer(({ url }, response) => {
    const name = decodeURIComponent(url!.split('/').at(-1)!)
    const bytes = name in replaced ? replaced[name] : readFileSync(join(shards, name))
    response.writeHead(bytes ? 200 : 404, { 'access-control-allow-origin': '*' }).end(bytes)
  })
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/alexnet/`
}

describeSite('Weights at one click', (site) => {
  async function open(address: string): Promise<Page> {
    const context = await site.browser.newContext({ serviceWorkers: 'block', locale: 'en-US' })
    const page = await context.newPage()
    page.setDefaultTimeout(PATIENCE)
    await page.goto(address)
    await page.getByTestId('status').waitFor()
    return page
  }
  const press = (page: Page) => page.getByRole('button', { name: 'At one click:' }).click()

  it('come from this machine with their progress, can be given up, stay, and answer as in Node', async () => {
    const { url, said } = await playground('--weights', shards)
    expect(said).toContain('It offers AlexNet (lenet-5), 1000 classes (25 MB)')
    const page = await open(`${url}#/classify`)
    const asked: string[] = []
    const pieces = /safetensors\.\dof3$/
    // The second piece waits until it may come.
    let isHeld = true
    await page.context().route(pieces, async (route) => {
      asked.push(route.request().url().split('.').at(-1)!)
      if (isHeld && asked.at(-1) === '2of3') return
      await route.continue()
    })
    await press(page)
    await page.getByText('Downloading the model: 8 of 24 MB').waitFor()
    const progress = page.getByRole('progressbar', { name: 'Progress of the download' })
    await expect.poll(() => progress.getAttribute('value')).toBe(String(8 * 1024 * 1024))
    await expect.poll(() => asked).toEqual(['1of3', '2of3'])
    await page.getByRole('button', { name: 'Cancel' }).click()
    await progress.waitFor({ state: 'detached' })
    expect(await page.getByRole('alert').count()).toBe(0)
    await page.getByTestId('status').filter({ hasText: 'trained on the ten classes' }).waitFor()

    // What came of it is not fetched again.
    isHeld = false
    await press(page)
    const about = 'AlexNet (lenet-5), 1000 classes: 1,000 classes'
    await page.getByTestId('status').filter({ hasText: about }).waitFor()
    expect(asked).toEqual(['1of3', '2of3', '2of3', '3of3'])
    expect(await page.getByRole('button', { name: 'At one click:' }).count()).toBe(0)

    // The samples are as large as the network takes them, and said to be drawings.
    await page.getByText(/drawings of 224×224 pixels, made by this page/).waitFor()
    await page.getByRole('button', { name: 'Samples' }).click()
    await expect.poll(() => page.locator('.bars').count(), { timeout: PATIENCE }).toBe(10)
    const { bytes } = await saved(page, 'Save as JSON')
    const inNode = await openModel(join(shards, 'model.safetensors.json'))
    const drawn = shapes({ count: 10, size: 224, seed: 1, split: 'test' })
    for (const { file, top } of JSON.parse(bytes.toString()).results) {
      const index = [...Array(10).keys()].find(
        (i) => `${drawn.classes[drawn.label(i)]}.png` === file,
      )!
      const expected = await inNode.classify(await encodePng(await drawn.load(index)))
      for (const [rank, { label, probability }] of expected.entries()) {
        expect(top[rank].label, file).toBe(label)
        expect(Math.abs(top[rank].probability - probability), file).toBeLessThan(1e-6)
      }
    }
    inNode.dispose()

    // The next visit needs no piece of the server.
    await page.goto('about:blank')
    asked.length = 0
    await page.goto(`${url}#/classify?model=imagenet`)
    await page.getByTestId('status').filter({ hasText: about }).waitFor()
    expect(asked).toEqual([])
    await page.context().close()
  })

  it('may be a file in one piece, which is cut as it is served', async () => {
    const { url } = await playground('--weights', join(place, 'whole/model.safetensors'))
    const page = await open(`${url}#/classify`)
    await press(page)
    await page.getByTestId('status').filter({ hasText: '1,000 classes' }).waitFor()
    await page.context().close()
  })

  it('come from a mirror that the address names', async () => {
    const from = encodeURIComponent(await mirror())
    const page = await open(`${site.url}?weights=${from}#/classify`)
    await page.getByRole('button', { name: /At one click: 127.0.0.1:\d+\/alexnet$/ }).click()
    await page.getByTestId('status').filter({ hasText: '1,000 classes' }).waitFor()
    await page.context().close()
  })

  it('that are not those of their list are told of, and kept nowhere', async () => {
    const other = readFileSync(join(shards, SECOND)).map((byte) => byte ^ 1)
    const cases: [Record<string, Uint8Array | undefined>, RegExp][] = [
      [{ [SECOND]: other }, /2of3 sent other bytes than its list says.*\(kept: cifar10-int8\)/],
      [{ [SECOND]: other.subarray(9) }, /2of3 sent \d+ bytes, not the \d+ of its list: try again/],
      [{ [SECOND]: undefined }, /2of3 could not be fetched: the server answered 404/],
      [{ 'model.safetensors.json': Buffer.from('<p>') }, /is no list of pieces: make one with/],
      [
        { 'model.safetensors.json': Buffer.from('{"format":"alexnet-shards","shards":[{}]}') },
        /lists a piece without a name, a size or a hash/,
      ],
    ]
    for (const [replaced, told] of cases) {
      const from = encodeURIComponent(await mirror(replaced))
      const page = await open(`${site.url}?weights=${from}#/classify`)
      await press(page)
      await page.getByText(told).waitFor()
      const kept = await page.evaluate(async () => {
        const cache = await caches.open('alexnet-pieces')
        return (await cache.keys()).length
      })
      expect(kept).toBe(SECOND in replaced ? 1 : 0)
      await page.context().close()
    }
  })

  it('that are not there are told of before anything is served', async () => {
    const empty = join(place, 'empty')
    mkdirSync(empty)
    const none = await playground('--weights', empty)
    expect(none.said).toMatch(/empty holds no weights: make them with alexnet convert.*\nexit 2$/s)
    expect((await playground('--weights', join(place, 'nowhere'))).said).toMatch(
      /nowhere: no such file or folder\nexit 2$/,
    )
    writeFileSync(join(empty, 'broken.safetensors'), 'no weights')
    const broken = await playground('--weights', empty)
    expect(broken.said).toMatch(/broken.safetensors.*\nexit 2$/s)
    expect(broken.said).not.toMatch(/ at /)
    expect(readdirSync(shards)).toHaveLength(4)
  })
})
