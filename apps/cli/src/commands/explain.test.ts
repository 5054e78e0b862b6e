// `alexnet explain` and `alexnet filters` as a user runs them, on an untrained network: the numbers are
// held to PyTorch's in core, here it is the pictures that must be there, of the right size and not empty.
import { copyFile, link, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createAlexNet } from '@alexnet/core'
import { cifarEval, decodePicture, encodePng, shapes } from '@alexnet/data'
import { explainMethods as methods } from '@alexnet/model'
import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { saveModel } from '../model.ts'
import { start, temporaryFolder } from '../testing/run.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
const run = (...args: string[]) => start(args, { cwd: folder.path })
const inFolder = (name: string) => join(folder.path, name)

beforeAll(async () => {
  folder = await temporaryFolder()
  await tf.setBackend('cpu')
  const options = { variant: 'cifar', seed: 3 } as const
  const dataset = shapes({ count: 20, size: 32 })
  const model = createAlexNet(options)
  await saveModel(inFolder('model.safetensors'), model, {
    options,
    labels: [...dataset.classes],
    preprocessing: cifarEval().preprocessing,
  })
  model.dispose()
  for (let index = 0; index < dataset.length; index++) {
    const label = dataset.classes[dataset.label(index)]!
    await mkdir(inFolder(`pictures/${label}`), { recursive: true })
    const png = await encodePng(await dataset.load(index))
    await writeFile(inFolder(`pictures/${label}/${index}.png`), png)
    if (index < 2) await writeFile(inFolder(`${index}.png`), png)
  }
})
afterAll(() => folder.remove())

/** Distinct levels in a picture: an empty one has one. */
async function look(name: string) {
  const { width, height, data } = await decodePicture(await readFile(inFolder(name)))
  return { width, height, levels: new Set(data).size }
}

describe('alexnet explain', () => {
  it.each([
    ['grad-cam', []],
    ['guided-backprop', []],
    ['guided-grad-cam', []],
    ['integrated-gradients', ['--steps', '4']],
    ['saliency', []],
    ['occlusion', ['--size', '16', '--stride', '8']],
    ['receptive-field', ['--layer', 'features.3', '--unit', '0,1']],
    ['receptive-field', []],
    ['feature-maps', ['--layer', 'features.6']],
    ['feature-maps', []],
    ['neighbours', ['--dataset', 'pictures', '--count', '4']],
  ])('draws %s', async (method, options) => {
    const out = `${method}.png`
    const { code, stdout, stderr } = await run(
      ...['explain', '0.png', '-m', method, '-w', 'model.safetensors', '-o', out, ...options],
    )
    expect([stderr, code]).toEqual(['', 0])
    expect(stdout).toMatch(new RegExp(`^${out}: ${method} .*of 0.png\n$`))
    const { width, levels } = await look(out)
    expect(width).toBeGreaterThan(200)
    expect(levels).toBeGreaterThan(10)
  })

  it.each([
    ['class-visualization', ['--class', 'circle', '--steps', '3']],
    ['top-patches', ['--layer', 'features.3', '--dataset', 'pictures', '--count', '3']],
  ])('draws %s, which takes no picture', async (method, options) => {
    const { code, stderr } = await run(
      ...['explain', '-m', method, '-w', 'model.safetensors', '-o', `${method}.png`, ...options],
    )
    expect([stderr, code]).toEqual(['', 0])
    expect((await look(`${method}.png`)).levels).toBeGreaterThan(10)
  })

  it('puts several pictures into a folder and lists them as JSON', async () => {
    const { stdout, code } = await run(
      ...['explain', '0.png', '1.png', '-w', 'model.safetensors', '-o', 'heat', '--json'],
      ...['--class', 'ring', '--plain'],
    )
    expect(code).toBe(0)
    const [first, second] = JSON.parse(stdout)
    expect(first).toMatchObject({ file: '0.png', method: 'grad-cam', layer: 'features.11' })
    expect(first.class.label).toBe('ring')
    expect(first.class.probability).toBeGreaterThan(0)
    expect(second.out).toBe(join('heat', '1-grad-cam.png'))
    expect(await look(second.out)).toMatchObject({ width: 448, height: 448 })
  })

  it.each([
    [['-m', 'grad-cam'], /explains a picture: name at least one/],
    [['0.png', '-m', 'class-visualization', '-c', '1'], /leave the pictures out/],
    [['-m', 'class-visualization'], /needs a class: name it with --class/],
    [['0.png', '-m', 'neighbours'], /name them with --dataset/],
    [['0.png', '-o', 'heat.jpg'], /must end in .png/],
    [['0.png', '-c', 'cirle'], /no class 'cirle': did you mean circle/],
    [['0.png', '-c', '10'], /the classes are 0 to 9/],
    [['0.png', '-m', 'receptive-field', '-l', 'features.0', '--unit', 'x'], /such as 3,5/],
  ])('says what is wrong with %j', async (args, message) => {
    const { code, stderr } = await run('explain', ...args, '-w', 'model.safetensors')
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })

  it('names the layers there are', async () => {
    const { code, stderr } = await run(
      ...['explain', '0.png', '-w', 'model.safetensors', '-l', 'conv5'],
    )
    expect([code, stderr]).toEqual([1, expect.stringMatching(/no layer 'conv5'.*features.0/)])
  })

  it('lists its methods', async () => {
    const { stdout } = await run('explain', '--help')
    for (const [method, about] of Object.entries(methods)) {
      expect(stdout).toContain(method)
      expect(stdout).toContain(about)
    }
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  })
})

describe('alexnet filters', () => {
  it('draws the first layer in colours and a later one by its channels', async () => {
    const first = await run('filters', '-w', 'model.safetensors')
    expect(first.stdout).toBe('filters.png: 64 filters of features.0, 5×5 pixels of 3 channels\n')
    expect((await look('filters.png')).levels).toBeGreaterThan(100)
    const later = await run(
      ...['filters', '-w', 'model.safetensors', '-l', 'features.3', '-o', 'later.png'],
      ...['--limit', '8', '--json'],
    )
    expect(JSON.parse(later.stdout)).toEqual({
      layer: 'features.3',
      count: 8,
      height: 3,
      width: 3,
      channels: 64,
      out: 'later.png',
    })
    const { code, stderr } = await run('filters', '-w', 'model.safetensors', '-l', 'features.1')
    expect([code, stderr]).toEqual([1, expect.stringMatching(/features.1 has no filters/)])
  })
})

describe('what is written', () => {
  beforeAll(async () => {
    for (const name of ['a', 'b']) {
      await mkdir(inFolder(name), { recursive: true })
      await copyFile(inFolder('0.png'), inFolder(`${name}/0.png`))
    }
  })
  const explain = (...args: string[]) => run('explain', ...args, '--weights', 'model.safetensors')

  it('is a file for each picture, also of those of one name', async () => {
    const { code, stderr } = await explain(
      'a/0.png',
      'b/0.png',
      '1.png',
      './a/0.png',
      '--out',
      'maps',
    )
    expect(code, stderr).toBe(0)
    const names = ['1', 'a-0-2', 'a-0', 'b-0'].map((name) => `${name}-grad-cam.png`)
    expect((await readdir(inFolder('maps'))).sort()).toEqual(names.sort())
  })

  it('is never what is read, under whatever name', async () => {
    await symlink('a/0.png', inFolder('link.png'))
    await link(inFolder('a/0.png'), inFolder('hard.png'))
    const before = await readFile(inFolder('a/0.png'))
    for (const [input, output] of [
      ['a/0.png', 'a/0.png'],
      ['link.png', 'a/0.png'],
      ['a/0.png', 'link.png'],
      ['hard.png', 'a/0.png'],
    ]) {
      const { code, stderr } = await explain(input!, '--out', output!)
      expect(code).toBe(2)
      expect(stderr).toBe(
        `alexnet: ${output} is the file that is read: name another for the result\n`,
      )
    }
    expect(await readFile(inFolder('a/0.png'))).toEqual(before)
  })
})
