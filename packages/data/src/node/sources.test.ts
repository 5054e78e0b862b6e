import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, inflateSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Dataset } from '../dataset.ts'
import { PictureError } from '../picture.ts'
import { shapes } from '../shapes/shapes.ts'
import { cached } from '../sources.ts'
import { checksum, noisePicture, plainDataset, readFixture } from '../testing.ts'
import { cifar100Dataset } from './cifar100.ts'
import { encodePng } from './decode.ts'
import { mnistDataset } from './idx.ts'
import { loader } from './loader.ts'
import { openDataset } from './open-dataset.ts'
import { packDataset } from './packed.ts'
import { pictureList } from './picture-list.ts'
import { tarShards } from './shards.ts'

let base: string
let png: Uint8Array
const picture = noisePicture(9, 7)
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'alexnet-sources-'))
  png = await encodePng(picture)
})
afterAll(() => rm(base, { recursive: true }))

async function folderOf(name: string, files: Record<string, Uint8Array | string>) {
  await mkdir(join(base, name), { recursive: true })
  for (const [file, content] of Object.entries(files))
    await writeFile(join(base, name, file), content)
  return join(base, name)
}

/** An IDX file of bytes. */
function idx(shape: number[], data: ArrayLike<number>): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length)
  header.writeUInt32BE(0x0800 + shape.length)
  shape.forEach((size, at) => {
    header.writeUInt32BE(size, 4 + 4 * at)
  })
  return Buffer.concat([header, Uint8Array.from(data)])
}

/** A tar file (ustar). */
function tar(files: [name: string, content: Uint8Array | string][]): Buffer {
  const blocks = files.flatMap(([name, content]) => {
    const body = Buffer.from(content)
    const header = Buffer.alloc(512)
    header.write(name)
    header.write('0000644\0', 100)
    header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124)
    header.write('        ', 148)
    header.write('0', 156)
    header.write('ustar\x0000', 257)
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

async function labelsOf(dataset: Dataset) {
  return Array.from({ length: dataset.length }, (_, at) => dataset.classes[dataset.label(at)])
}

describe('mnist', () => {
  const images = idx([3, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255])
  it('reads IDX files, packed or not, in torchvision’s folders, too', async () => {
    const folder = await folderOf('digits/MNIST/raw', {
      'train-images-idx3-ubyte': images,
      'train-labels-idx1-ubyte.gz': gzipSync(idx([3], [5, 0, 9])),
    })
    for (const path of [join(base, 'digits'), folder]) {
      const dataset = await openDataset(path)
      expect([dataset.name, dataset.length, dataset.split]).toEqual(['mnist', 3, 'train'])
      expect(await labelsOf(dataset)).toEqual(['5', '0', '9'])
      const { width, height, data } = await dataset.load(2)
      expect([width, height, ...data]).toEqual([2, 2, 8, 8, 8, 9, 9, 9, 10, 10, 10, 255, 255, 255])
    }
  })

  it('knows the names of other programs, and whose labels they are by the labels', async () => {
    const digits = [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    const clothes = [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    const ten = idx([10, 1, 1], digits)
    for (const [name, labels, set] of [
      ['fashion-shop/mnist', digits, 'mnist'],
      ['my-fashion', digits, 'mnist'],
      ['fashion-shop', [3, 3, 3, 3, 3, 3, 3, 3, 3, 3], 'mnist'],
      ['elsewhere', clothes, 'fashion-mnist'],
      ['shop/fashion/raw', [3, 3, 3, 3, 3, 3, 3, 3, 3, 3], 'fashion-mnist'],
      ['fashion/mnist/raw', [3, 3, 3, 3, 3, 3, 3, 3, 3, 3], 'mnist'],
    ] as const) {
      const folder = await folderOf(name, {
        'train-images.idx3-ubyte': ten,
        'Train-labels.idx1-ubyte.gz': gzipSync(idx([10], labels)),
      })
      expect([name, (await openDataset(folder)).name]).toEqual([name, set])
    }
    const nested = await folderOf('kaggle/t10k-images-idx3-ubyte', {
      't10k-images-idx3-ubyte': ten,
    })
    await folderOf('kaggle', { 't10k-labels.idx1-ubyte': idx([10], digits) })
    const test = await openDataset(join(nested, '..'), { split: 'test' })
    expect([test.length, test.split]).toEqual([10, 'test'])
  })

  it('says what is wrong with them', async () => {
    const folder = await folderOf('fashion', { 'train-images-idx3-ubyte': images.subarray(0, 20) })
    await expect(mnistDataset(folder)).rejects.toThrow('has 4 bytes of data, its header says 12')
    await writeFile(join(folder, 'train-images-idx3-ubyte'), images)
    await expect(mnistDataset(folder)).rejects.toThrow('train-labels-idx1-ubyte: is missing')
    await writeFile(join(folder, 'train-labels-idx1-ubyte'), idx([2], [1, 2]))
    await expect(mnistDataset(folder)).rejects.toThrow('has 2 labels for 3 pictures')
    await writeFile(join(folder, 'train-labels-idx1-ubyte'), idx([3], [1, 2, 10]))
    await expect(mnistDataset(folder)).rejects.toThrow('picture 2 has label 10')
    await expect(mnistDataset(base)).rejects.toThrow('has no MNIST files')
  })
})

describe('cifar100', () => {
  it('reads the binary version by its fine labels', async () => {
    const record = (coarse: number, fine: number, red: number) =>
      Buffer.concat([Buffer.from([coarse, fine]), Buffer.alloc(1024, red), Buffer.alloc(2048, 7)])
    const folder = await folderOf('hundred', {
      'train.bin': Buffer.concat([record(1, 0, 3), record(0, 2, 200)]),
      'fine_label_names.txt': 'apple\nbear\ncloud\n',
    })
    const dataset = await openDataset(folder)
    expect([dataset.name, ...(await labelsOf(dataset))]).toEqual(['cifar100', 'apple', 'cloud'])
    expect([...(await dataset.load(1)).data.subarray(0, 4)]).toEqual([200, 7, 7, 200])
    await expect(cifar100Dataset(folder, { split: 'test' })).rejects.toThrow('test.bin: is missing')
  })

  it('reads fine classes from the Python version, in its own folder, too', async () => {
    const { hundred, test } = readFixture<{
      hundred: Record<string, string>
      test: { crc: number[] }
    }>('cifar.json')
    const inflated = Object.entries(hundred).map(([name, packed]) => [
      name,
      inflateSync(Buffer.from(packed, 'base64')),
    ])
    await folderOf('archive/cifar-100-python', Object.fromEntries(inflated))
    for (const path of ['archive', 'archive/cifar-100-python']) {
      const dataset = await openDataset(join(base, path))
      expect([dataset.name, dataset.split]).toEqual(['cifar100', 'train'])
      expect(dataset.classes).toEqual(['apple', 'bear', 'shark'])
      expect(await labelsOf(dataset)).toEqual(['shark', 'apple', 'bear'])
      for (const [index, expected] of test.crc.entries()) {
        expect(checksum((await dataset.load(index)).data)).toBe(expected)
      }
    }
  })
})

describe('tarShards', () => {
  it('pairs pictures with their labels', async () => {
    const folder = await folderOf('shards', {
      'a-000.tar': tar([
        ['x/0001.png', png],
        ['x/0001.cls', '2'],
        ['x/0002.cls', '0'],
        ['x/0002.png', png],
      ]),
      'a-001.tar': tar([
        ['0003.png', png],
        ['0003.json', '{"label": 1}'],
      ]),
    })
    const dataset = await openDataset(folder)
    expect(await labelsOf(dataset)).toEqual(['2', '0', '1'])
    expect(dataset.path(1)).toBe(`${join(folder, 'a-000.tar')}#x/0002.png`)
    for (const index of [0, 1, 2]) expect(await dataset.load(index)).toEqual(picture)
    const named = await tarShards(join(folder, 'a-001.tar'), { classes: ['cat', 'dog'] })
    expect(await labelsOf(named)).toEqual(['dog'])
    for await (const { shape } of loader({ dataset, batchSize: 3, workers: 1 })) {
      expect(shape).toEqual([3, 7, 9, 3])
    }
  })

  const shard = async (name: string, files: [string, Uint8Array | string][]) => {
    const folder = await folderOf(name, { '0.tar': tar(files) })
    return tarShards(folder)
  }
  const two = (): [string, Uint8Array | string][] => [
    ['1.png', png],
    ['1.cls', '0'],
  ]

  it("takes names apart by WebDataset's rules and counts what it leaves out", async () => {
    const dataset = await shard('rules', [
      ['a/1.PNG', png],
      ['a/1.CLS', '\ufeff3\n'],
      ['a/1.seg.png', png],
      ['a/._1.png', 'AppleDouble'],
      ['__meta__', 'x'],
      ['readme', 'x'],
      ['2.json', '{"label": 0, "caption": {}}'],
      ['2.jpg', png],
      ['3.txt', 'of no picture'],
    ])
    expect(await labelsOf(dataset)).toEqual(['3', '0'])
    expect(dataset.notes![0]).toMatch(
      /left out 4 files \((.*, )?\.seg\.png 1(, .*)?\), such as a\/1\.seg\.png/,
    )
    expect(dataset.notes![1]).toMatch(/2 of the 4 classes have no pictures/)
    for (const index of [0, 1]) expect(await dataset.load(index)).toEqual(picture)
  })

  it.each([
    ['-1', 'is "-1", not the number of a class'],
    ['1.0', 'is "1.0", not the number of a class'],
    ['', 'is "", not the number of a class'],
    ['cat', 'is "cat", not the number of a class'],
  ])('refuses %s as a number', async (label, message) => {
    await expect(
      shard('numbers', [
        ['1.png', png],
        ['1.cls', label],
      ]),
    ).rejects.toThrow(`0.tar: the label in 1.cls ${message}`)
  })

  it.each([
    ['txt', '-1', 'a class has a whole number from 0 on, or a name'],
    ['txt', 'two\nlines', 'is no name of a class'],
    ['txt', ' ', 'is no name of a class'],
    ['json', '{"label": {"id": 0}}', 'it must be a number or a name'],
    ['json', '{"label": [1]}', 'it must be a number or a name'],
    ['json', '{"cls": true}', 'it must be a number or a name'],
    ['json', '{"label": 1.5}', 'a class has a whole number from 0 on'],
    ['json', '[1]', 'it must be an object with a "label"'],
    ['json', 'oops', 'is not JSON'],
  ])('refuses a label in .%s that is of no use: %s', async (field, text, message) => {
    await expect(
      shard('texts', [
        ['1.png', png],
        [`1.${field}`, text],
      ]),
    ).rejects.toThrow(message)
  })

  it('refuses samples that would number others anew', async () => {
    await expect(shard('missing', [...two(), ['2.png', png]])).rejects.toThrow(
      '0.tar: 2.png has no label (.cls, .txt or .json beside it), as 1.png has',
    )
    await expect(shard('mixed', [...two(), ['2.png', png], ['2.txt', 'cat']])).rejects.toThrow(
      'has label "cat" where 1.png has the number 0',
    )
    await expect(
      shard('outside', [
        ['a/1.png', png],
        ['2.png', png],
      ]),
    ).rejects.toThrow('2.png has no label and lies in no folder')
    await expect(shard('pair', [...two(), ['1.jpg', png]])).rejects.toThrow(
      'sample 1 has two pictures, 1.png and 1.jpg',
    )
    await expect(shard('labels', [...two(), ['1.cls', '1']])).rejects.toThrow('has two labels')
    await expect(
      shard('dots', [
        ['shot.0000.png', png],
        ['shot.0000.cls', '0'],
      ]),
    ).rejects.toThrow('shot.0000.png belongs to sample shot, which has no picture of its own')
    const single = await shard('unlabelled', [
      ['1.png', png],
      ['2.png', png],
    ])
    expect(await labelsOf(single)).toEqual(['unlabelled', 'unlabelled'])
    expect(single.notes?.join()).toContain('no picture has a label')
    await expect(
      shard('parts', [
        ['train/a/1.png', png],
        ['test/a/1.png', png],
      ]),
    ).rejects.toThrow('holds train/ and test/, parts of a divided data set, in one archive')
  })

  it('reads archives packed with gzip, parts by the names of shards, and says what it cannot read', async () => {
    const bytes = tar(two())
    const folder = await folderOf('packed-tars', {
      'set-train-0.tar.gz': gzipSync(bytes),
      'set-train-1.tgz': gzipSync(
        tar([
          ['2.png', png],
          ['2.cls', '1'],
        ]),
      ),
      'set-VAL-0.tar': tar([
        ['3.png', png],
        ['3.cls', '1'],
      ]),
      '._set-train-0.tar.gz': 'AppleDouble',
    })
    const train = await openDataset(folder)
    expect([train.length, train.split, await labelsOf(train)]).toEqual([2, 'train', ['0', '1']])
    for await (const { shape } of loader({ dataset: train, batchSize: 2, workers: 1 })) {
      expect(shape).toEqual([2, 7, 9, 3])
    }
    const held = await openDataset(folder, { split: 'test' })
    expect([held.length, held.label(0)]).toEqual([1, 1])
    await writeFile(join(folder, 'more.tar'), bytes)
    await expect(openDataset(folder)).rejects.toThrow(
      'more.tar is not; put each part into a folder',
    )
    const other = await folderOf('bzip2', { 'a.tar.bz2': 'BZh91AY&SY' })
    await expect(openDataset(other)).rejects.toThrow('is packed with bzip2, which is not read')
  })

  it('has a fingerprint of what the pictures hold', async () => {
    const print = async (first: Uint8Array | string) =>
      (
        await shard('print', [
          ['1.png', first],
          ['1.cls', '0'],
        ])
      ).fingerprint()
    const changed = Uint8Array.from(png)
    changed[50]! ^= 1
    expect(await print(png)).toBe(await print(png))
    expect(await print(png)).not.toBe(await print(changed))
  })

  it('says where a shard is cut off or damaged', async () => {
    const bytes = tar([['1.png', png]])
    const folder = await folderOf('cut', { 'a.tar': bytes.subarray(0, 600) })
    await expect(tarShards(folder)).rejects.toThrow(/a\.tar: is cut off: the file at byte 0/)
    const damaged = Buffer.from(bytes)
    damaged[3] = 1
    await writeFile(join(folder, 'a.tar'), damaged)
    await expect(tarShards(folder)).rejects.toThrow('is no tar file at byte 0')
  })
})

describe('packDataset', () => {
  it('keeps small pictures to the bit and makes large ones small', async () => {
    const source = shapes({ count: 12, size: 40, split: 'train' })
    const folder = join(base, 'packed')
    const result = await packDataset(source, join(folder, 'train.alexpack'), { size: 40 })
    expect(result).toMatchObject({ pictures: 12, skipped: [] })
    const dataset = await openDataset(folder)
    expect([dataset.length, dataset.split, dataset.classes]).toEqual([12, 'train', source.classes])
    expect(await dataset.load(5)).toEqual(await source.load(5))
    expect(await labelsOf(dataset)).toEqual(await labelsOf(source))
    const batches = async (data: Dataset, workers: number) => {
      const found: number[][] = []
      for await (const { images } of loader({ dataset: data, batchSize: 5, workers }))
        found.push([...images])
      return found
    }
    expect(await batches(dataset, 2)).toEqual(await batches(source, 0))
    await expect(openDataset(folder, { split: 'test' })).rejects.toThrow('but no test.alexpack')

    await packDataset(source, join(base, 'small.alexpack'), { size: 20, encoding: 'jpeg' })
    const small = await openDataset(join(base, 'small.alexpack'))
    expect(await small.load(0)).toMatchObject({ width: 20, height: 20 })
    expect(await small.fingerprint()).not.toBe(await dataset.fingerprint())
  })

  it('leaves nothing behind where it fails, skips where asked', async () => {
    const sound = plainDataset(5)
    const broken: Dataset = {
      ...sound,
      load: async (index) => {
        if (index === 3) throw new PictureError('is broken', { path: 'plain/3' })
        return sound.load(index)
      },
    }
    const folder = join(base, 'failed')
    const path = join(folder, 'pictures.alexpack')
    await expect(packDataset(broken, path)).rejects.toThrow('plain/3 is broken')
    expect(await readdir(folder)).toEqual([])
    const { pictures, skipped } = await packDataset(broken, path, { onBroken: 'skip' })
    expect([pictures, skipped.map((error) => error.path)]).toEqual([4, ['plain/3']])
    expect(await labelsOf(await openDataset(folder))).toEqual([
      'class 0',
      'class 1',
      'class 2',
      'class 1',
    ])
  })

  it('finds a bit that is turned over, wherever it is', async () => {
    const source = plainDataset(6, 3, 5)
    const path = join(base, 'flipped.alexpack')
    for (const encoding of ['raw', 'jpeg'] as const) {
      await packDataset(source, path, { encoding })
      const bytes = await readFile(path)
      const print = await (await openDataset(path)).fingerprint()
      const loadAll = async () => {
        const dataset = await openDataset(path)
        for await (const _ of loader({ dataset, batchSize: 4, workers: 0 }))
          expect(dataset.length).toBe(6)
        for (let index = 0; index < 6; index++) await dataset.load(index)
        return dataset
      }
      expect(await (await loadAll()).fingerprint()).toBe(print)
      for (let at = 0; at < bytes.length; at += 13) {
        const changed = Buffer.from(bytes)
        changed[at]! ^= 1 << (at % 8)
        await writeFile(path, changed)
        await expect(loadAll(), `byte ${at}`).rejects.toThrow(
          /flipped\.alexpack.*(damaged|is no data set|version|cut off)/,
        )
      }
    }
  })

  it('reads what was packed before there were check sums', async () => {
    const source = plainDataset(4)
    const path = join(base, 'old.alexpack')
    await packDataset(source, path)
    const bytes = await readFile(path)
    const start = Number(bytes.readBigUInt64LE(16))
    const index = JSON.parse(bytes.toString('utf8', start))
    delete index.checksums
    const text = Buffer.from(JSON.stringify(index))
    const header = Buffer.from(bytes.subarray(0, 32))
    header.writeUInt32LE(1, 8)
    header.writeUInt32LE(0, 12)
    header.writeBigUInt64LE(BigInt(text.length), 24)
    await writeFile(path, Buffer.concat([header, bytes.subarray(32, start), text]))
    const old = await openDataset(path)
    expect(await labelsOf(old)).toEqual(await labelsOf(source))
    for (let at = 0; at < 4; at++) {
      expect([...(await old.load(at)).data]).toEqual([...(await source.load(at)).data])
    }
  })

  it('says that a file is cut off', async () => {
    const path = join(base, 'cut.alexpack')
    await packDataset(plainDataset(5), path)
    await truncate(path, 200)
    await expect(openDataset(path)).rejects.toThrow('cut.alexpack: has 200 bytes, its header says')
  })
})

describe('pictureList', () => {
  it('takes paths, URLs, Blobs and bytes', async () => {
    const folder = await folderOf('list', { 'a.png': png })
    const address = `data:image/png;base64,${Buffer.from(png).toString('base64')}`
    const dataset = pictureList([
      { picture: join(folder, 'a.png'), label: 'b' },
      { picture: address, label: 'a' },
      { picture: new Blob([png as Uint8Array<ArrayBuffer>]), label: 'b', name: 'dropped.png' },
      { picture: png },
    ])
    expect(dataset.classes).toEqual(['a', 'b', 'unlabelled'])
    expect(await labelsOf(dataset)).toEqual(['b', 'a', 'b', 'unlabelled'])
    for (let at = 0; at < 4; at++) expect(await dataset.load(at)).toEqual(picture)
    expect([dataset.path(1), dataset.path(2)]).toEqual(['picture 1', 'dropped.png'])
    for await (const { shape } of loader({ dataset, batchSize: 4, workers: 1 })) {
      expect(shape).toEqual([4, 7, 9, 3])
    }
    const missing = pictureList([{ picture: join(folder, 'b.png') }])
    await expect(missing.load(0)).rejects.toThrow('b.png does not exist')
  })
})

describe('cached', () => {
  it('loads each picture once, as long as they fit', async () => {
    let loads = 0
    const source = plainDataset(10)
    const counting: Dataset = {
      ...source,
      load: async (index) => {
        loads++
        return source.load(index)
      },
    }
    const all = cached(counting)
    await all.fill()
    expect([loads, all.isWhole, all.keptBytes]).toEqual([10, true, 480])
    expect(Array.from((await all.load(7)).data)).toEqual(Array.from((await source.load(7)).data))
    expect(loads).toBe(10)
    const some = cached(counting, { maxBytes: 100 })
    for (let round = 0; round < 2; round++) for (let at = 0; at < 10; at++) await some.load(at)
    expect([loads, some.isWhole, some.keptBytes]).toEqual([10 + 10 + 8, false, 96])
  })
})
