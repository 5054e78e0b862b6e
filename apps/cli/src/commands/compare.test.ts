// Pictures compared as a user compares them, by the weights that come with the program: alone, in folders, with reports.

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { decodePicture, encodePng, type Picture, shapes } from '@alexnet/data'
import { openLpips } from '@alexnet/lpips'
import { readCheckpointFile } from '@alexnet/weights/node'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { runInProcess } from '../testing/in-process.ts'
import { temporaryFolder } from '../testing/run.ts'
import type { Comparison } from './comparison.ts'
import type { ConvertedFeatures } from './convert-features.ts'
import { psnr, ssim } from './picture-metrics.ts'

const home = process.cwd()
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let one: Picture
let other: Picture

beforeAll(async () => {
  folder = await temporaryFolder()
  process.chdir(folder.path)
  const drawn = shapes({ count: 3, size: 64, seed: 6 })
  one = await drawn.load(0)
  other = await drawn.load(1)
  await mkdir('reference/deep', { recursive: true })
  await mkdir('shots/deep', { recursive: true })
  const small = await shapes({ count: 1, size: 40 }).load(0)
  const files: [string, Picture][] = [
    ['a.png', one],
    ['b.png', other],
    ['reference/same.png', one],
    ['shots/same.png', one],
    ['reference/deep/changed.png', one],
    ['shots/deep/changed.png', other],
    ['reference/gone.png', one],
    ['shots/new.png', one],
    ['reference/size.png', one],
    ['shots/size.png', small],
    ['reference/broken.png', one],
  ]
  for (const [name, picture] of files) await writeFile(name, await encodePng(picture))
  await writeFile('shots/broken.png', (await readFile('a.png')).subarray(0, 60))
})
afterAll(async () => {
  process.chdir(home)
  await folder.remove()
})
afterEach(() => {
  process.exitCode = undefined
})

const run = (line: string) => runInProcess(`compare ${line}`)
const compared = async (line: string): Promise<Comparison> =>
  JSON.parse((await run(`${line} --weights cifar10 --threads 1 --json`)).stdout)

describe('two pictures', () => {
  it('have the distance that the library gives, and the other measures', async () => {
    const found = await compared('a.png b.png --metric all')
    const lpips = await openLpips('cifar10')
    const { distance, layers } = await lpips.compare(one, other)
    lpips.dispose()
    expect(found).toMatchObject({ metric: 'all', form: 'plain', threshold: null, failed: 0 })
    const [pair] = found.pairs
    expect(pair!.lpips).toBeCloseTo(distance, 5)
    expect(pair!.layers).toHaveLength(layers.length)
    expect(pair).toMatchObject({ name: 'a.png', ssim: ssim(one, other), psnr: psnr(one, other) })
    expect(process.exitCode).toBeUndefined()
  })

  it('that are the same have 0, 1 and no noise', async () => {
    const [pair] = (await compared('a.png a.png --metric all --threshold 0')).pairs
    expect(pair).toMatchObject({ lpips: 0, psnr: null, failed: false })
    expect(pair!.ssim).toBeCloseTo(1, 6)
  })

  it('fail beyond the threshold, by each measure in its direction', async () => {
    for (const [metric, threshold, code] of [
      ['lpips', 0.01, 1],
      ['lpips', 99, undefined],
      ['ssim', 0.999, 1],
      ['ssim', 0.01, undefined],
      ['psnr', 90, 1],
      ['psnr', 1, undefined],
    ]) {
      process.exitCode = undefined
      const { failed } = await compared(`a.png b.png --metric ${metric} --threshold ${threshold}`)
      expect(process.exitCode, `${metric} ${threshold}`).toBe(code)
      expect(failed).toBe(code === 1 ? 1 : 0)
    }
  })

  it('have a drawing of where they differ', async () => {
    const [pair] = (await compared('a.png b.png --heat heat.png')).pairs
    expect(pair!.heat).toBe('heat.png')
    const drawn = await decodePicture(await readFile('heat.png'))
    expect([drawn.width, drawn.height]).toEqual([64, 64])
    await expect(compared('a.png b.png --heat heat.jpg')).rejects.toThrow('must end in .png')
    await expect(compared('a.png b.png --heat a.png')).rejects.toThrow(
      'a.png is the file that is read',
    )
  })

  it('are told in words', async () => {
    const { stdout } = await run(
      'a.png a.png --weights cifar10 --threads 1 --metric all --threshold 0',
    )
    expect(stripVTControlCharacters(stdout)).toContain(
      'ok     a.png: lpips 0.0000, ssim 1.0000, psnr ∞ dB',
    )
    expect(stdout).toContain('lpips is in its plain form')
  })
})

describe('two folders', () => {
  it('are matched by name; what cannot be compared is named and fails, the others go on', async () => {
    const { failed, pairs } = await compared('reference shots --threshold 0.01 --junit report.xml')
    expect(pairs.map(({ name, failed: bad }) => [name, bad])).toEqual([
      ['broken.png', true],
      ['deep/changed.png', true],
      ['gone.png', true],
      ['new.png', true],
      ['same.png', false],
      ['size.png', true],
    ])
    expect(failed).toBe(5)
    expect(process.exitCode).toBe(1)
    const problem = (name: string) => pairs.find((pair) => pair.name === name)!.problem
    expect(problem('broken.png')).toContain('broken.png')
    expect(problem('gone.png')).toBe(
      `${join('reference', 'gone.png')} has no partner of that name in the other folder`,
    )
    expect(problem('new.png')).toBe(
      `${join('shots', 'new.png')} has no reference of that name in the other folder`,
    )
    expect(problem('size.png')).toContain('64×64 pixels')
    expect(problem('size.png')).toContain('40×40: only pictures of one size are compared')
    const report = await readFile('report.xml', 'utf8')
    expect(report).toContain('tests="6" failures="1" errors="4"')
    expect(report).toContain('name="deep/changed.png"')
    expect(report).toMatch(/<failure message="lpips [\d.]+ where the threshold is 0.01"/)
  })

  it('are told apart from pictures', async () => {
    await expect(compared('reference a.png')).rejects.toThrow(
      'reference is a folder and a.png a file',
    )
    await expect(compared('reference no-such')).rejects.toThrow('no-such: no such file or folder')
    await mkdir('empty')
    await expect(compared('empty empty')).rejects.toThrow('there are no pictures in empty')
  })
})

it('options that do nothing are refused', async () => {
  await expect(run('a.png b.png --metric ssim --heat h.png')).rejects.toThrow(
    '--heat is about lpips',
  )
  await expect(run('a.png b.png --plain --linear x.pth')).rejects.toThrow('cannot be used together')
})

describe('convert --only features', () => {
  it('writes the convolutions alone, says what it costs, and compare takes the file', async () => {
    const whole = await compared('a.png b.png')
    const convert = async (line: string): Promise<ConvertedFeatures> =>
      JSON.parse(
        (
          await runInProcess(
            `convert cifar10 ${line} --only features --pictures reference --limit 2 --threads 1 --json`,
          )
        ).stdout,
      )
    const exact = await convert('features.safetensors')
    expect(exact.comparison.worstDistanceChange).toBeLessThan(1e-5)
    expect(exact.comparison).toMatchObject({ pictures: 2, form: 'plain' })
    const { tensors } = await readCheckpointFile('features.safetensors')
    expect([...tensors.keys()].every((name) => name.startsWith('features.'))).toBe(true)
    const small = await convert('small.safetensors --quantize int8')
    expect(small.output.bytes).toBeLessThan(0.3 * exact.output.bytes)
    const { worstDistanceChange, largestDistance } = small.comparison
    expect(worstDistanceChange).toBeGreaterThan(0)
    expect(worstDistanceChange).toBeLessThan(0.05 * largestDistance)
    const { stdout } = await run('a.png b.png --weights features.safetensors --threads 1 --json')
    expect(JSON.parse(stdout).pairs[0].lpips).toBeCloseTo(whole.pairs[0]!.lpips!, 4)
    await expect(
      runInProcess('classify a.png --weights features.safetensors --threads 1'),
    ).rejects.toThrow('holds the features alone')
    await expect(convert('features.onnx')).rejects.toThrow('onnx holds a whole network')
  })
})
