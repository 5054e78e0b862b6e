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
      'has no test/, testing/, testset/, val/, valid/, validation/, dev/, eval/, valset/, devset/ folder of classes beside train/',
    )
    const extra = await folderOf('extra', ['train/a/1.jpg', 'val/a/1.jpg', 'val/c/1.jpg'])
    await expect(openDataset(extra, { split: 'test' })).rejects.toThrow(
      'val/c: class "c" is not among the 1 of the training part',
    )
    const twice = await folderOf('twice', ['train/a/1.jpg', 'Training/a/1.jpg', 'val/a/1.jpg'])
    await expect(openDataset(twice)).rejects.toThrow('could both be the train part')
    const flat = await folderOf('flat-parts', ['Train/1.jpg', 'Test/1.jpg'])
    await expect(openDataset(flat)).rejects.toThrow('hold pictures but no class folders')
  })

  it('numbers a part as the one that is trained on', async () => {
    const folder = await folderOf('numbered', [
      'train/a/1.jpg',
      'train/b/1.jpg',
      'train/cafe\u0301/1.jpg',
      'val/b/1.jpg',
      'val/caf\u00e9/1.jpg',
    ])
    const val = await openDataset(folder, { split: 'validation' })
    expect(val.classes).toEqual(['a', 'b', 'caf\u00e9'])
    expect([val.label(0), val.label(1)]).toEqual([1, 2])
    expect(val.notes).toEqual([`${folder}/val: has no folder of 1 of the 3 classes, such as "a"`])
  })

  it('knows three parts, whatever their case', async () => {
    const folder = await folderOf('three', [
      ...['TRAIN/a/1.jpg', 'TRAIN/b/1.jpg', 'Valid/a/1.jpg', 'Valid/b/1.jpg'],
      ...['Testing/a/1.jpg', 'Testing/b/1.jpg', 'Testing/b/2.jpg'],
    ])
    const lengths = await Promise.all(
      (['train', 'validation', 'test'] as const).map(
        async (split) => (await openDataset(folder, { split })).length,
      ),
    )
    expect(lengths).toEqual([2, 2, 3])
  })

  it.each([
    ['seg_train', 'seg_test'],
    ['Training Set', 'Test Set'],
    ['TrainingData', 'TestData'],
    ['images-TRAIN', 'images-TEST'],
  ])('knows parts by a word of all names: %s, %s', async (train, test) => {
    const names = [`${train}/a/1.jpg`, `${train}/b/1.jpg`, `${test}/b/1.jpg`]
    const folder = await folderOf(`words-${train}`, names)
    expect((await openDataset(folder)).length).toBe(2)
    const dataset = await openDataset(folder, { split: 'test' })
    expect([dataset.length, dataset.classes, dataset.label(0)]).toEqual([1, ['a', 'b'], 1])
  })

  it('takes no words of names for parts where others have none', async () => {
    const folder = await folderOf('rails', ['steam train/x/1.jpg', 'tram/x/1.jpg'])
    expect((await openDataset(folder)).classes).toEqual(['steam train', 'tram'])
  })

  it('names what lies beside the parts', async () => {
    const folder = await folderOf('beside', ['train/a/1.jpg', 'test/a/1.jpg', 'raw/a/1.jpg'])
    expect((await openDataset(folder)).notes).toEqual([
      `${folder}: passed over raw/, beside its parts`,
    ])
  })
})
