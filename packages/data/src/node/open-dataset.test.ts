import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDataset } from './open-dataset.ts'

let base: string
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'alexnet-data-'))
})
afterAll(() => rm(base, { recursive: true }))

/** Makes files in a folder; pictures are not read here, so they are empty. */
async function folderOf(name: string, files: readonly string[], size = 0): Promise<string> {
  for (const file of files) {
    const path = join(base, name, file)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, Buffer.alloc(size))
  }
  return join(base, name)
}

describe('openDataset', () => {
  it.each(['test', 'val'])('opens the parts of a folder with train/ and %s/', async (held) => {
    const folder = await folderOf(`divided-${held}`, [
      'train/a/1.jpg',
      'train/b/1.jpg',
      'train/b/2.jpg',
      `${held}/a/1.jpg`,
      `${held}/b/1.jpg`,
      'notes/readme.txt',
    ])
    const train = await openDataset(folder)
    const test = await openDataset(folder, { split: 'test' })
    expect([train.length, train.split, test.length, test.split]).toEqual([3, 'train', 2, 'test'])
    expect(test.path(0)).toBe(join(folder, held, 'a/1.jpg'))
    expect(test.classes).toEqual(['a', 'b'])
  })

  it('opens a folder of classes, which has no parts', async () => {
    const folder = await folderOf('plain', ['a/1.jpg', 'b/1.jpg'])
    for (const split of ['train', 'test'] as const) {
      const dataset = await openDataset(folder, { split })
      expect([dataset.length, dataset.split]).toEqual([2, undefined])
    }
    // A class may be called "train".
    const vehicles = await folderOf('vehicles', ['train/1.jpg', 'bus/1.jpg'])
    expect((await openDataset(vehicles)).classes).toEqual(['bus', 'train'])
  })

  it('opens CIFAR-10', async () => {
    const folder = await folderOf('cifar', ['cifar-10-batches-bin/test_batch.bin'], 2 * 3073)
    await writeFile(join(folder, 'cifar-10-batches-bin/batches.meta.txt'), 'airplane\ncar\n')
    const dataset = await openDataset(folder, { split: 'test' })
    expect([dataset.name, dataset.length, dataset.split]).toEqual(['cifar10', 2, 'test'])
  })

  it.each([
    ['shapes', 'train', 4000],
    ['shapes', 'test', 1000],
    ['shapes:2000', 'train', 2000],
    ['shapes:2000', 'test', 500],
    ['shapes:30:7', 'test', 7],
  ] as const)('draws %s, %s: %i pictures', async (path, split, length) => {
    const dataset = await openDataset(path, { split, size: 16, seed: 3 })
    expect([dataset.name, dataset.length, dataset.split]).toEqual(['shapes', length, split])
    expect((await dataset.load(0)).width).toBe(16)
  })

  it('says what was looked for', async () => {
    await expect(openDataset(join(base, 'none'))).rejects.toThrow(
      'none: there is no such folder or file; name a folder of pictures or CIFAR-10, or "shapes"',
    )
    const flat = await folderOf('flat', ['1.jpg'])
    await expect(openDataset(flat)).rejects.toThrow(
      'flat: is no data set; looked for class folders with pictures, train/ and test/ (or val/)',
    )
    await expect(openDataset(join(flat, '1.jpg'))).rejects.toThrow('1.jpg: is no data set')
    await expect(openDataset('shapes:many')).rejects.toThrow('write shapes, shapes:2000 or')
    await expect(openDataset('shapes:0')).rejects.toThrow('shapes:0: is not understood')
  })

  it('refuses parts that do not fit together', async () => {
    const lonely = await folderOf('lonely', ['train/a/1.jpg'])
    await expect(openDataset(lonely, { split: 'test' })).rejects.toThrow(
      'has no test/, val/, valid/, validation/ folder of classes beside train/',
    )
    const lacking = await folderOf('lacking', ['train/a/1.jpg', 'train/b/1.jpg', 'val/a/1.jpg'])
    await expect(openDataset(lacking)).rejects.toThrow('val: lacks class "b" of')
    const extra = await folderOf('extra', ['train/a/1.jpg', 'val/a/1.jpg', 'val/c/1.jpg'])
    await expect(openDataset(extra)).rejects.toThrow('train: lacks class "c" of')
  })
})
