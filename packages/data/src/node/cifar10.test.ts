import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checksum, readFixture } from '../testing.ts'
import { cifar10Dataset } from './cifar10.ts'
import { readPickle } from './pickle.ts'

const fixture = readFixture<{
  classes: string[]
  /** The files of the Python version, of two and three pictures, deflated, base64. */
  files: Record<string, string>
  /** The test file in other dialects of pickle. */
  variants: Record<string, string>
  test: { labels: number[]; crc: number[] }
}>('cifar.json')

function unpack(packed: string): Buffer {
  return inflateSync(Buffer.from(packed, 'base64'))
}

let base: string
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'alexnet-data-'))
  const python = join(base, 'python/cifar-10-batches-py')
  await mkdir(python, { recursive: true })
  for (const [name, packed] of Object.entries(fixture.files)) {
    await writeFile(join(python, name), unpack(packed))
  }
  await writeBinary(join(base, 'binary'))
})
afterAll(() => rm(base, { recursive: true }))

/** Writes the same pictures in the binary version's layout. */
async function writeBinary(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const names = ['data_batch_1', 'data_batch_2', 'data_batch_3', 'data_batch_4', 'data_batch_5']
  for (const name of [...names, 'test_batch']) {
    const content = readPickle(unpack(fixture.files[name]!), name) as Map<string, never>
    const labels = content.get('labels')! as number[]
    const { data } = content.get('data')! as { data: Uint8Array }
    const records = labels.map((label, at) =>
      Buffer.concat([Buffer.from([label]), data.subarray(at * 3072, (at + 1) * 3072)]),
    )
    await writeFile(join(folder, `${name}.bin`), Buffer.concat(records))
  }
  await writeFile(join(folder, 'batches.meta.txt'), `${fixture.classes.join('\n')}\n\n`)
}

async function checkTest(dataset: Awaited<ReturnType<typeof cifar10Dataset>>): Promise<void> {
  const { labels, crc } = fixture.test
  expect(dataset.classes).toEqual(fixture.classes)
  expect(labels.map((_, index) => dataset.label(index))).toEqual(labels)
  for (const [index, expected] of crc.entries()) {
    const picture = await dataset.load(index)
    expect([picture.width, picture.height]).toEqual([32, 32])
    expect(checksum(picture.data)).toBe(expected)
  }
}

describe('cifar10', () => {
  it.each(['python', 'python/cifar-10-batches-py', 'binary'])('reads %s', async (folder) => {
    const test = await cifar10Dataset(join(base, folder), { split: 'test' })
    expect([test.length, test.split]).toEqual([3, 'test'])
    await checkTest(test)
    const train = await cifar10Dataset(join(base, folder))
    expect([train.length, train.split, train.name]).toEqual([10, 'train', 'cifar10'])
    const labels = Array.from({ length: 10 }, (_, index) => train.label(index))
    expect(labels).toEqual([1, 4, 2, 5, 3, 6, 4, 7, 5, 8])
    expect(train.path(3)).toMatch(/data_batch_2(\.bin)?#1$/)
    expect(await train.fingerprint()).not.toBe(await test.fingerprint())
  })

  it.each(Object.keys(fixture.variants))('reads pickles as %s', async (variant) => {
    const folder = join(base, variant)
    await mkdir(folder)
    await writeFile(join(folder, 'test_batch'), unpack(fixture.variants[variant]!))
    await writeFile(join(folder, 'batches.meta'), unpack(fixture.files['batches.meta']!))
    await checkTest(await cifar10Dataset(folder, { split: 'test' }))
  })

  it('says what is missing', async () => {
    const folder = join(base, 'partial')
    await writeBinary(folder)
    await rm(join(folder, 'data_batch_4.bin'))
    const path = join(folder, 'data_batch_4.bin')
    await expect(cifar10Dataset(folder)).rejects.toThrow(`${path}: is missing; unpack the whole`)
    await expect(cifar10Dataset(folder, { split: 'test' })).resolves.toMatchObject({ length: 3 })
    await expect(cifar10Dataset(base)).rejects.toThrow('has no CIFAR-10 files (data_batch_1.bin or')
  })

  it('says what is wrong with a binary file', async () => {
    const folder = join(base, 'wrong')
    await writeBinary(folder)
    const test = join(folder, 'test_batch.bin')
    await writeFile(test, Buffer.alloc(3000))
    await expect(cifar10Dataset(folder, { split: 'test' })).rejects.toThrow(
      `${test}: has 3000 bytes, which is no whole number of 3073-byte pictures`,
    )
    await writeFile(test, Buffer.alloc(3073, 11))
    await expect(cifar10Dataset(folder, { split: 'test' })).rejects.toThrow(
      'picture 0 has label 11, but there are 10 classes',
    )
    await writeFile(join(folder, 'batches.meta.txt'), '\n')
    await expect(cifar10Dataset(folder)).rejects.toThrow('batches.meta.txt: has no class names')
  })
})
