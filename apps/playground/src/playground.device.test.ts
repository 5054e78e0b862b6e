// The built page in Chromium, used as a person would: every page, every failure that a person can meet, and
// what axe-core finds. Skipped, with the reason, where the machine has no Chromium.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Classifier, createAlexNet, loadWeights, type TensorLike } from '@alexnet/core'
import { createPreprocess, encodePng, shapes } from '@alexnet/data'
import { readCheckpoint } from '@alexnet/weights'
import { readCheckpointFile } from '@alexnet/weights/node'
import * as tf from '@tensorflow/tfjs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findChromium, openSite, type Site } from './testing/browser.ts'

const folder = join(import.meta.dirname, '..')
const executable = findChromium()
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** What is used of axe-core, which its script leaves in the page. */
interface Axe {
  run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>
}

/** A training run in a browser on a busy machine. */
const LONG = 900_000

describe.skipIf(!executable)('the playground', { timeout: LONG }, () => {
  let site: Site
  beforeAll(async () => {
    site = await openSite(executable!)
  }, LONG)
  afterAll(() => site.close())

  /** Waits for the model that the page opens with, and takes the small one, which is the same always. */
  const ready = async (page: Page) => {
    await page.getByTestId('status').waitFor()
    await page.getByRole('combobox', { name: 'Model' }).selectOption('shapes')
    await page.getByTestId('status').filter({ hasText: 'LeNet-5' }).waitFor()
    return page
  }
  const open = async (path: string) => ready(await site.open(path))
  const files = (page: Page, label: string) => page.getByTestId(`files-${label}`)
  const labels = (page: Page) =>
    page.locator('.results .bars li:first-child .label').allTextContents()

  type Drawn = Awaited<ReturnType<typeof drawn>>[number]

  /** Drawn pictures as files, and what this project's classifier in Node says of them. */
  async function drawn(count: number) {
    await tf.setBackend('cpu')
    const { tensors, metadata } = await readCheckpointFile(
      join(folder, 'src/models/shapes.safetensors'),
    )
    const { options, labels, preprocessing } = JSON.parse(metadata.alexnet!)
    const model = createAlexNet({ ...options, initialize: false })
    loadWeights(model, tensors as ReadonlyMap<string, TensorLike>)
    const preprocess = createPreprocess(preprocessing)
    const classifier = new Classifier({ model, labels, preprocess })
    const dataset = shapes({ count, size: 48, seed: 5, split: 'test' })
    const pictures = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const picture = await dataset.load(index)
        const [best] = await classifier.classify(picture)
        const buffer = Buffer.from(await encodePng(picture))
        return { file: { name: `${index}.png`, mimeType: 'image/png', buffer }, best: best! }
      }),
    )
    classifier.dispose()
    return pictures
  }

  it('names pictures as the command line does, and hands the answers out', async () => {
    const pictures = await drawn(12)
    const page = await open('#/classify')
    await page.getByRole('button', { name: 'Clear' }).click()
    await files(page, 'classify').setInputFiles(pictures.map(({ file }) => file))
    await expect.poll(() => page.locator('.bars').count(), { timeout: 120_000 }).toBe(12)
    expect(await labels(page)).toEqual(pictures.map(({ best }) => best.label))
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as JSON' }).click(),
    ])
    const { results, backend } = JSON.parse(readFileSync(await saved.path(), 'utf8'))
    expect(backend).toBe('alexnet-cpu')
    for (const [index, { best }] of pictures.entries()) {
      expect(results[index].top[0].probability).toBeCloseTo(best.probability, 4)
    }
    const [csv] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as CSV' }).click(),
    ])
    expect(readFileSync(await csv.path(), 'utf8').split('\n')).toHaveLength(1 + 12 * 5)
    await page.getByLabel(/Ten views/).check()
    await expect.poll(() => page.locator('.bars').count(), { timeout: 120_000 }).toBe(12)
    await page.context().close()
  })

  it('takes a .pth file that is dropped on it', async () => {
    const page = await open('#/classify')
    await page.getByTestId('weights-file').setInputFiles(join(folder, 'fixtures/lenet-5.pth'))
    await page.getByText('from the file lenet-5.pth').waitFor()
    // The class of the largest bias, by the weights that the fixture's script wrote.
    const checkpoint = await readCheckpoint(readFileSync(join(folder, 'fixtures/lenet-5.pth')))
    const bias = [...(checkpoint.tensors.get('classifier.2.bias')!.data as Float32Array)]
    await expect
      .poll(() => labels(page), { timeout: 120_000 })
      .toEqual([`class ${bias.indexOf(Math.max(...bias))}`])
    await page.context().close()
  })

  it.each(['cpu', 'webgl', 'webgpu'])('runs on %s, with the same answers', async (name) => {
    const [{ file, best }] = (await drawn(1)) as [Drawn]
    const page = await open('#/classify')
    await page.getByRole('combobox', { name: 'Backend' }).selectOption(name)
    await page.getByText(`Runs on ${name}`).waitFor()
    await page.getByRole('button', { name: 'Clear' }).click()
    await files(page, 'classify').setInputFiles([file])
    await expect.poll(() => labels(page), { timeout: 120_000 }).toEqual([best.label])
    await page.context().close()
  })

  it('says what to do when something fails', async () => {
    const page = await open('#/classify')
    const broken = {
      name: 'broken.png',
      mimeType: 'image/png',
      buffer: Buffer.from('not a picture'),
    }
    await files(page, 'classify').setInputFiles([broken])
    await page
      .getByText(/broken.png is no picture that this browser can read.*use a JPEG/)
      .waitFor()
    const weights = page.getByTestId('weights-file')
    const text = { name: 'weights.safetensors', mimeType: '', buffer: Buffer.from('nothing') }
    await weights.setInputFiles([text])
    await page.getByText(/weights.safetensors.*\(kept: shapes\)/).waitFor()
    // The model before is still at work.
    await page.getByRole('button', { name: 'Samples' }).click()
    await expect.poll(() => page.locator('.bars').count(), { timeout: 120_000 }).toBeGreaterThan(9)
    // No camera is permitted here.
    await page.getByRole('button', { name: 'Camera' }).click()
    await page.getByText(/The camera is not allowed: permit it/).waitFor()
    await page.context().close()
  })

  it('says so where there is no WebGPU, and goes on with another backend', async () => {
    const context = await site.browser.newContext({ serviceWorkers: 'block' })
    // As a browser without it: workers have a navigator of their own, which their script must lose.
    await context.route('**/worker-*.js', async (route) => {
      const response = await route.fetch()
      const hide = "Object.defineProperty(navigator, 'gpu', { value: undefined });"
      await route.fulfill({ response, body: hide + (await response.text()) })
    })
    const page = await context.newPage()
    page.setDefaultTimeout(120_000)
    await page.goto(site.url)
    await page.getByTestId('status').waitFor()
    await page.getByRole('combobox', { name: 'Backend' }).selectOption('webgpu')
    await page
      .getByRole('alert')
      .filter({ hasText: /webgpu/i })
      .waitFor()
    await page.getByRole('combobox', { name: 'Backend' }).selectOption('cpu')
    await page.getByText('Runs on cpu').waitFor()
    await context.close()
  })

  it('takes a picture with a camera', async () => {
    const context = await site.browser.newContext({ permissions: ['camera'] })
    const page = await context.newPage()
    page.setDefaultTimeout(120_000)
    await page.goto(site.url)
    await ready(page)
    await page.getByRole('button', { name: 'Camera' }).click()
    await page.getByRole('button', { name: 'Take a picture' }).click()
    await page.getByRole('heading', { name: 'camera' }).waitFor()
    await context.close()
  })

  it('shows maps, units, filters, heat maps, and the answer without a layer', async () => {
    const page = await open('#/look')
    await page.getByRole('img', { name: /Maps of features.0: 6 channels/ }).waitFor()
    await page.getByRole('img', { name: 'Filters of features.0' }).waitFor()
    await page.getByRole('spinbutton', { name: 'channel' }).fill('3')
    await page.getByText(/Channel 3 at row 0, column 0.*It sees 5×5 pixels/).waitFor()
    await page.getByRole('img', { name: /^grad-cam for/ }).waitFor()
    await page.getByRole('combobox', { name: 'Method' }).selectOption('guided-backprop')
    await page.getByText(/is a tanh: use integrated gradients/).waitFor()
    await page.getByRole('combobox', { name: 'Method' }).selectOption('integrated-gradients')
    await page.getByRole('combobox', { name: 'Class' }).selectOption({ label: 'ring' })
    await page.getByRole('img', { name: 'integrated-gradients for ring' }).waitFor()
    await page.getByRole('button', { name: /tanh\s*28×28×6/ }).click()
    await page.getByLabel('Switch this layer off').check()
    await page.getByText('Without these parts').waitFor()
    await page.getByRole('button', { name: 'Switch all on' }).click()
    await page.getByText('Without these parts').waitFor({ state: 'detached' })
    await page.context().close()
  })

  it('learns the drawn shapes, and classifies with what it learned', async () => {
    const page = await open('#/train')
    await page.getByRole('button', { name: 'Show what that does' }).click()
    await page.getByRole('img', { name: 'The same picture, augmented: 8' }).waitFor()
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByText(/^Done: step/).waitFor({ timeout: LONG })
    const text = await page.getByTestId('run').textContent()
    const [, share] = /kept back: ([\d.]+)%/.exec(text!)!
    expect(Number(share)).toBeGreaterThan(90)
    await page.getByRole('heading', { name: 'Confusion matrix, epoch 4' }).waitFor()
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the classifier' }).click(),
    ])
    const { metadata } = await readCheckpointFile(await saved.path())
    expect(JSON.parse(metadata.alexnet!).labels).toContain('triangle')
    await page.getByRole('button', { name: 'Classify with it' }).click()
    await page.getByText('from the file classifier.safetensors').waitFor()
    await expect.poll(() => page.locator('.bars').count(), { timeout: 120_000 }).toBeGreaterThan(0)
    await page.context().close()
  })

  it('stops a run, and goes on with it after a reload', async () => {
    const page = await open('#/train')
    await page.getByRole('button', { name: 'Start' }).click()
    await page
      .getByText(/step \d\d/)
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'Stop', exact: true }).click()
    await page.getByText(/^Stopped: step/).waitFor()
    const at = async () =>
      Number(/step (\d+)/.exec((await page.getByTestId('run').textContent())!)![1])
    const before = await at()
    await page.reload()
    await ready(page)
    await page.getByText(/^Stopped: step/).waitFor()
    expect(await at()).toBe(before)
    await page.getByRole('button', { name: 'Resume' }).click()
    await expect.poll(at, { timeout: 120_000 }).toBeGreaterThan(before + 5)
    await page.context().close()
  })

  it("trains on one's own pictures, which a file brings back", async () => {
    const page = await open('#/train')
    await page.getByLabel('Your own classes').check()
    const dataset = shapes({ count: 60, size: 32, seed: 9 })
    for (const name of ['circle', 'stripes']) {
      await page.getByPlaceholder('A class, such as cup').fill(name)
      await page.getByRole('button', { name: 'Add class' }).click()
      const indices = Array.from({ length: 60 }, (_, i) => i).filter(
        (i) => dataset.classes[dataset.label(i)] === name,
      )
      const given = await Promise.all(
        indices.map(async (i) => ({
          ...{ name: `${i}.png`, mimeType: 'image/png' },
          buffer: Buffer.from(await encodePng(await dataset.load(i))),
        })),
      )
      await files(page, name).setInputFiles(given)
      await page.getByText(`${given.length} pictures`).first().waitFor()
    }
    await page.getByLabel('Epochs').fill('2')
    await page.getByLabel('Epochs').blur()
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByText(/^Done: step/).waitFor({ timeout: 300_000 })
    const [zip] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the data set' }).click(),
    ])
    const other = await open('#/train')
    await other.getByLabel('Your own classes').check()
    const buffer = readFileSync(await zip.path())
    const file = { name: 'pictures.zip', mimeType: 'application/zip', buffer }
    await other.getByTestId('data-set-zip').setInputFiles([file])
    await other.getByRole('heading', { name: 'stripes 6 pictures' }).waitFor()
    await page.context().close()
    await other.context().close()
  })

  it('goes on when the storage is full, and says what that means', async () => {
    const page = await open('#/train')
    const session = await page.context().newCDPSession(page)
    const origin = new URL(site.url).origin
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 100_000 })
    await page.getByLabel('Pictures to draw').fill('1700')
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByText(/could not keep the run.*storage is full/).waitFor({ timeout: 300_000 })
    await page.context().close()
  })

  it('races ReLU against tanh', async () => {
    const page = await site.open('#/paper')
    await page.getByRole('button', { name: 'Start the race' }).click()
    await page.getByText(/After \d+ pictures: ReLU [\d.]+% wrong, tanh [\d.]+%/).waitFor()
    await page.getByRole('button', { name: 'Stop the race' }).click()
    await page.getByRole('heading', { name: /Overlapping pooling/ }).waitFor()
    await page.context().close()
  })

  it('measures the backends, which agree', async () => {
    const page = await site.open('#/backends')
    await page.getByRole('button', { name: 'Measure' }).click()
    const [saved] = await Promise.all([
      page.waitForEvent('download', { timeout: LONG }),
      page.getByRole('button', { name: 'Save the report' }).click({ timeout: LONG }),
    ])
    const { backends, machine } = JSON.parse(readFileSync(await saved.path(), 'utf8'))
    expect(machine.crossOriginIsolated).toBe(true)
    const [cpu, ...others] = backends
    expect(cpu).toMatchObject({ name: 'cpu', selfCheck: { passed: true } })
    for (const other of others) {
      expect(other.selfCheck.passed).toBe(true)
      const scale = Math.max(...cpu.logits.map(Math.abs))
      for (const [index, logit] of cpu.logits.entries()) {
        expect(Math.abs(other.logits[index] - logit) / scale).toBeLessThan(1e-3)
      }
    }
    await page.context().close()
  })

  it('works offline after the first visit', async () => {
    const page = await open('#/classify')
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready
    })
    await page.waitForFunction(async () => {
      const names = await caches.keys()
      const counts = await Promise.all(
        names.map(async (name) => (await (await caches.open(name)).keys()).length),
      )
      return counts.some((count) => count > 15)
    })
    await page.context().setOffline(true)
    await page.reload()
    await ready(page)
    await expect.poll(() => page.locator('.bars').count(), { timeout: 120_000 }).toBeGreaterThan(0)
    await page.context().close()
  })

  it('is used by keyboard', async () => {
    const page = await site.open('#/classify')
    await page.getByRole('link', { name: 'Look inside' }).waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1')
    await page.getByRole('link', { name: 'Look inside' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Look inside' }).waitFor()
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Look inside')
    await page.context().close()
  })

  it.each(['light', 'dark'] as const)(
    'has nothing that axe-core finds, %s',
    async (colorScheme) => {
      for (const name of ['classify', 'look', 'train', 'paper', 'backends']) {
        const page = await site.open(`#/${name}`, { colorScheme })
        if (name !== 'paper' && name !== 'backends') await ready(page)
        if (name === 'classify') await page.locator('.bars').first().waitFor()
        if (name === 'look') await page.getByRole('img', { name: /^grad-cam for/ }).waitFor()
        await page.evaluate(axe)
        const found = await page.evaluate(async () => {
          const { axe } = globalThis as unknown as { axe: Axe }
          const { violations } = await axe.run()
          return violations.map(
            ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`,
          )
        })
        expect(found, name).toEqual([])
        await page.context().close()
      }
    },
  )

  it('fits on a phone', async () => {
    const page = await site.open('#/look', { viewport: { width: 360, height: 700 } })
    await ready(page)
    for (const name of ['classify', 'look', 'train', 'paper', 'backends']) {
      await page.evaluate((to) => {
        location.hash = `#/${to}`
      }, name)
      await page.waitForTimeout(300)
      const wide = await page.evaluate(() => document.documentElement.scrollWidth)
      expect(wide, name).toBeLessThanOrEqual(360)
    }
    await page.context().close()
  })
})
