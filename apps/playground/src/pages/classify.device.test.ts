// Classify, in Chromium: every way to give pictures, the command line's answers, every backend and model,
// and what a person is told when something fails.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readCheckpoint } from '@alexnet/weights'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import {
  answers,
  describeSite,
  folder,
  loseContexts,
  losingContexts,
  openSmall,
  openWith,
  PATIENCE,
  picturesFor,
  saved,
} from '../testing/site.ts'

/** CIFAR-10's test pictures that come with the page, or photographs of one's own: JPEG or PNG files. */
const photographs = process.env.PLAYGROUND_PICTURES ?? join(folder, 'public/samples')
const pictures = readdirSync(photographs)
  .filter((name) => /\.(png|jpe?g)$/i.test(name))
  .map((name) => join(photographs, name))
const command = join(folder, '../cli/dist/main.js')
const pthFile = join(folder, 'fixtures/lenet-5.pth')

interface Answer {
  file: string
  top: { label: string; probability: number }[]
}

/** What the command line says of the pictures, by the model that the page opens with. */
function commandLine(files: readonly string[]): Answer[] {
  const args = [command, 'classify', ...files, '--weights', 'cifar10-int8', '--json']
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
}

/** Waits until as many pictures are named. */
const named = (page: Page, count: number) =>
  expect.poll(() => page.locator('.bars').count(), { timeout: PATIENCE }).toBe(count)

/** A transfer of files as the system hands it over when something is dropped or pasted. */
const transferOf = (page: Page, path: string, type: string) =>
  page.evaluateHandle(
    ({ bytes, name, type }) => {
      const transfer = new DataTransfer()
      const data = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))
      transfer.items.add(new File([data], name, { type }))
      return transfer
    },
    { bytes: readFileSync(path).toString('base64'), name: basename(path), type },
  )

describeSite('Classify', (site) => {
  it('names a picture by itself when it is opened for the first time', async () => {
    const page = await site.open('#/classify')
    await page.locator('.bars').first().waitFor()
    // Three seconds are promised, which depends on the machine: what it fetches is held to a budget of its own.
    const milliseconds = await page.evaluate(() => performance.now())
    console.log(`first prediction after ${Math.round(milliseconds)} ms`)
    expect((await answers(page))[0]).toMatch(/\w/)
    await page.context().close()
  })

  it('names pictures as the command line does, and hands the answers out', async () => {
    const expected = commandLine(pictures)
    const page = await site.open('#/classify')
    await page.getByTestId('status').waitFor()
    await page.getByRole('button', { name: 'Clear' }).click()
    await picturesFor(page, 'classify').setInputFiles(pictures)
    await named(page, pictures.length)
    expect(await answers(page)).toEqual(expected.map(({ top }) => top[0]!.label))
    const savedAnswers = async () => JSON.parse(`${(await saved(page, 'Save as JSON')).bytes}`)
    const { results, backend } = await savedAnswers()
    expect(backend).toBe('alexnet-cpu')
    for (const [index, { top }] of expected.entries()) {
      expect(results[index].file).toBe(basename(pictures[index]!))
      // Browsers decode JPEG files by another library, a level or two apart.
      const digits = pictures[index]!.endsWith('.png') ? 4 : 1
      expect(results[index].top[0].probability).toBeCloseTo(top[0]!.probability, digits)
    }
    const { bytes } = await saved(page, 'Save as CSV')
    expect(`${bytes}`.split('\n')).toHaveLength(1 + pictures.length * 5)
    await page.getByLabel(/Ten views/).check()
    const probability = async () => (await savedAnswers()).results[0].top[0].probability
    await expect.poll(probability, { timeout: PATIENCE }).not.toBe(results[0].top[0].probability)
    await named(page, pictures.length)
    expect((await savedAnswers()).tenView).toBe(true)
    await page.context().close()
  })

  it('takes pictures that are dropped and pasted', async () => {
    const page = await openSmall(site, '#/classify')
    await page.getByRole('button', { name: 'Clear' }).click()
    const [dropped, pasted] = [join(folder, 'public/samples/cat.png'), pictures[1]!]
    await page
      .getByRole('region', { name: 'Pictures for classify' })
      .dispatchEvent('drop', { dataTransfer: await transferOf(page, dropped, 'image/png') })
    await page.getByRole('heading', { name: 'cat.png' }).waitFor()
    await page.evaluate(
      (clipboardData) =>
        document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true })),
      await transferOf(page, pasted, 'image/png'),
    )
    await page.getByRole('heading', { name: basename(pasted) }).waitFor()
    await named(page, 2)
    await page.context().close()
  })

  it('takes a picture that is dropped beside its place', async () => {
    const page = await openSmall(site, '#/classify')
    const file = join(folder, 'public/samples/frog.png')
    // The page listens by then.
    await page.locator('.bars').first().waitFor()
    await page
      .getByRole('contentinfo')
      .dispatchEvent('drop', { dataTransfer: await transferOf(page, file, 'image/png') })
    await page.getByRole('heading', { name: 'frog.png' }).waitFor()
    await page.context().close()
  })

  it('takes a .pth file that is dropped on it', async () => {
    const page = await openSmall(site, '#/classify')
    await page
      .getByRole('region', { name: 'Pictures for classify' })
      .dispatchEvent('drop', { dataTransfer: await transferOf(page, pthFile, '') })
    await page.getByText('from the file lenet-5.pth').waitFor()
    // The number of the largest bias, by the weights that the fixture's script wrote: the file names no classes.
    const { tensors } = await readCheckpoint(readFileSync(pthFile))
    const bias = [...(tensors.get('classifier.2.bias')!.data as Float32Array)]
    const likeliest = String(bias.indexOf(Math.max(...bias)))
    await expect.poll(() => answers(page), { timeout: PATIENCE }).toEqual([likeliest])
    await page.context().close()
  })

  it.each(['cpu', 'webgl', 'webgpu'])('runs on %s, with the same answers', async (name) => {
    const files = ['cat', 'ship', 'frog'].map((file) => join(folder, `public/samples/${file}.png`))
    const page = await site.open('#/classify')
    await page.getByTestId('status').waitFor()
    await page.getByRole('combobox', { name: 'Backend' }).selectOption(name)
    await page.getByText(`Runs on ${name}`).waitFor()
    await page.getByRole('button', { name: 'Clear' }).click()
    await picturesFor(page, 'classify').setInputFiles(files)
    await named(page, 3)
    const expected = commandLine(files)
    const { results } = JSON.parse(`${(await saved(page, 'Save as JSON')).bytes}`)
    for (const [index, { top }] of expected.entries()) {
      expect(results[index].top[0].label).toBe(top[0]!.label)
      expect(results[index].top[0].probability).toBeCloseTo(top[0]!.probability, 3)
    }
    await page.context().close()
  })

  it('takes a picture with a camera', async () => {
    const page = await openSmall(site, '#/classify', { permissions: ['camera'] })
    await page.getByRole('button', { name: 'Camera' }).click()
    await page.getByRole('button', { name: 'Take a picture' }).click()
    await page.getByRole('heading', { name: 'camera' }).waitFor()
    await page.context().close()
  })

  it('says what to do without a camera, and with one that is not allowed', async () => {
    const page = await site.open('#/classify')
    await page.getByRole('button', { name: 'Camera' }).click()
    await page.getByText(/The camera is not allowed: permit it/).waitFor()
    await page.context().close()
    const other = await site.open('#/classify', { permissions: ['camera'] })
    await other.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () =>
        Promise.reject(new DOMException('Requested device not found', 'NotFoundError'))
    })
    await other.getByRole('button', { name: 'Camera' }).click()
    await other.getByText(/No camera was found: connect one, or choose pictures/).waitFor()
    await other.context().close()
  })

  it('says what to do with a broken picture and with wrong weights', async () => {
    const page = await openSmall(site, '#/classify')
    const buffer = Buffer.from('not a picture')
    const broken = { name: 'broken.png', mimeType: 'image/png', buffer }
    await picturesFor(page, 'classify').setInputFiles([broken])
    await page.getByText(/broken\.png is no JPEG, PNG, WebP.*convert or remove it/).waitFor()
    const text = { name: 'weights.safetensors', mimeType: '', buffer }
    await page.getByTestId('weights-file').setInputFiles([text])
    await page.getByText(/weights.safetensors.*\(kept: shapes\)/).waitFor()
    // The model before is still at work.
    await page.getByRole('button', { name: 'Samples' }).click()
    await named(page, 10)
    await page.context().close()
  })

  it('says what to do when weights cannot be downloaded', async () => {
    const page = await openSmall(site, '#/classify')
    await page.context().route(/download.pytorch.org/, (route) => route.abort())
    await page.getByRole('combobox', { name: 'Model' }).selectOption('imagenet')
    await page
      .getByText(
        /could not be downloaded from https:.*Failed to fetch.*try again.*by hand and open that file.*\(kept: shapes\)/,
      )
      .waitFor()
    await page.context().close()
  })

  it('says so where there is no WebGPU, and goes on with another backend', async () => {
    const page = await openWith(
      site,
      "Object.defineProperty(navigator, 'gpu', { value: undefined });",
    )
    await page.getByRole('combobox', { name: 'Backend' }).selectOption('webgpu')
    await page
      .getByRole('alert')
      .filter({ hasText: /WebGPU.*choose another backend/i })
      .waitFor()
    // The one before is at work again.
    await page.getByText('Runs on cpu').waitFor()
    await page.locator('.bars').first().waitFor()
    expect(await page.getByRole('combobox', { name: 'Backend' }).inputValue()).toBe('auto')
    await page.context().close()
  })

  it('says what to do when the device is lost, and goes on with another backend', async () => {
    const page = await openWith(site, losingContexts)
    await page.getByRole('combobox', { name: 'Backend' }).selectOption('webgl')
    await page.getByText('Runs on webgl').waitFor()
    await page.locator('.bars').first().waitFor()
    await loseContexts(page)
    await page
      .getByRole('alert')
      .filter({ hasText: /The device was lost.*Choose another backend, or reload/ })
      .waitFor()
    await page.getByRole('combobox', { name: 'Backend' }).selectOption('cpu')
    await page.getByText('Runs on cpu').waitFor()
    await page.locator('.bars').first().waitFor()
    await page.context().close()
  })
})
