import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  decodePicture,
  encodePng,
  loader,
  openDataset,
  shapes,
  trainingPresetNames,
} from '@alexnet/data'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Result, start, temporaryFolder } from '../testing/run.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
  const source = shapes({ count: 12, size: 40 })
  for (let at = 0; at < source.length; at++) {
    const place = join(folder.path, 'pictures', at % 2 ? 'odd' : 'even')
    await mkdir(place, { recursive: true })
    await writeFile(join(place, `${at}.png`), await encodePng(await source.load(at)))
  }
  // One is there twice, one cannot be used.
  const twice = await readFile(join(folder.path, 'pictures/even/0.png'))
  await writeFile(join(folder.path, 'pictures/odd/z.png'), twice)
  await writeFile(join(folder.path, 'pictures/odd/zz.png'), 'no picture')
})
afterAll(() => folder.remove())

const alexnet = (...args: string[]): Promise<Result> => start(args, { cwd: folder.path })

describe('alexnet data', () => {
  it('draws what a preset makes of pictures', async () => {
    const run = await alexnet(
      ...['data', 'preview', 'pictures', '--preset', 'cifar', '--pictures', '3'],
      ...['--times', '4', '--out', 'sheets/one.png'],
    )
    expect(run).toMatchObject({ code: 0 })
    expect(run.stdout).toBe('sheets/one.png: 3 pictures of pictures, 4 times each by cifar\n')
    const sheet = await decodePicture(await readFile(join(folder.path, 'sheets/one.png')))
    expect([sheet.width, sheet.height]).toEqual([4 + 5 * 132, 4 + 3 * 143])
    const colors = new Set(sheet.data)
    expect(colors.size).toBeGreaterThan(50)
    expect(await readdir(join(folder.path, 'sheets'))).toEqual(['one.png'])
  })

  it('draws by every preset that a recipe can name', async () => {
    for (const name of trainingPresetNames) {
      const options = ['--preset', name, '--crop', '24', '--pictures', '1', '--times', '1']
      const run = await alexnet('data', 'preview', 'pictures', ...options)
      expect(run, name).toMatchObject({ code: 0, stderr: '' })
      expect(run.stdout).toBe(`preview.png: 1 pictures of pictures, 1 times each by ${name}\n`)
    }
  })

  it('names the presets that there are', async () => {
    const run = await alexnet('data', 'preview', 'pictures', '--preset', 'caffee')
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toMatch(
      /there is no preset 'caffee': choose one of .*caffe, torchvision-train/,
    )
  })

  it('counts, measures, and finds broken and equal pictures', async () => {
    const run = await alexnet('data', 'stats', 'pictures', '--json')
    expect(run).toMatchObject({ code: 0, stderr: '' })
    const stats = JSON.parse(run.stdout)
    expect(stats).toMatchObject({
      pictures: 14,
      read: 14,
      classes: {
        counts: [
          { name: 'even', count: 6 },
          { name: 'odd', count: 8 },
        ],
      },
      width: { least: 40, median: 40, greatest: 40 },
    })
    expect(stats.broken.map((one: { path: string }) => one.path)).toEqual(['pictures/odd/zz.png'])
    expect(stats.duplicates).toContainEqual({
      first: 'pictures/even/0.png',
      second: 'pictures/odd/z.png',
      sameClass: false,
    })
    // The same mean and deviation from all pixels, the slow way.
    const dataset = await openDataset(join(folder.path, 'pictures'))
    const values: number[] = []
    for await (const { images } of loader({ dataset, batchSize: 99, onBroken: 'skip' })) {
      for (let at = 0; at < images.length; at += 3) values.push(images[at]!)
    }
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
    expect(stats.mean[0]).toBeCloseTo(mean, 6)
    expect(stats.std[0]).toBeCloseTo(Math.sqrt(variance), 6)
    const text = await alexnet('data', 'stats', 'pictures')
    expect(text.stdout).toContain('14 pictures in 2 classes')
    expect(text.stdout).toContain('cannot be used: 1')
  })
})

describe('alexnet pack', () => {
  it('writes files that open as the same data set', async () => {
    const run = await alexnet('pack', 'shapes:20:10', 'packed', '--json')
    expect(run).toMatchObject({ code: 0, stderr: '' })
    const { files } = JSON.parse(run.stdout)
    expect(files.map((one: { pictures: number }) => one.pictures)).toEqual([20, 10])
    const packed = await openDataset(join(folder.path, 'packed'), { split: 'test' })
    const drawn = await openDataset('shapes:20:10', { split: 'test' })
    expect(await packed.load(3)).toEqual(await drawn.load(3))
  })

  it('stops at a broken picture and leaves no file, or skips it', async () => {
    const stopped = await alexnet('pack', 'pictures', 'stopped')
    expect(stopped).toMatchObject({ code: 1, stdout: '' })
    expect(stopped.stderr).toContain('pictures/odd/zz.png is no JPEG')
    expect(await readdir(join(folder.path, 'stopped'))).toEqual([])
    const run = await alexnet(
      'pack',
      'pictures',
      'small',
      '--size',
      '16',
      '--quality',
      '90',
      '--skip-broken',
    )
    expect(run.stdout).toMatch(/^small\/pictures\.alexpack: 13 pictures, 1 MB, 1 skipped\n$/)
  })
})
