// What a class is called and which pictures count, from the data set to the report: parts brought together by name,
// limits, classes that are too few, pictures that cannot be used. Runs the built command.

import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodePng } from '@alexnet/data'
import { readCheckpointFile } from '@alexnet/weights/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Result, start, temporaryFolder } from '../testing/run.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

const alexnet = (args: string) => start(args.split(' '), { cwd: folder.path })

async function succeed(run: Promise<Result>): Promise<Result> {
  const result = await run
  expect(result.code, result.stderr).toBe(0)
  return result
}

const path = (name: string) => join(folder.path, name)
const SMALL = '--variant lenet-5 --no-augment --no-report --threads 1'

/** Colours far apart, one a class. */
const colors: Record<string, number[]> = { a: [250, 20, 20], b: [20, 250, 20], c: [20, 20, 250] }

const plain = (name: string, index: number) =>
  encodePng({
    width: 16,
    height: 16,
    data: Uint8Array.from({ length: 768 }, (_, at) => colors[name]![at % 3]! - (index % 20)),
  })

async function writeFolders(name: string, counts: Record<string, number>) {
  for (const [label, count] of Object.entries(counts)) {
    await mkdir(path(`${name}/${label}`), { recursive: true })
    for (let index = 0; index < count; index++)
      await writeFile(path(`${name}/${label}/${index}.png`), await plain(label, index))
  }
}

/** A tar file (ustar) of pictures, each with its class's name in a .txt. */
async function writeShard(name: string, counts: Record<string, number>) {
  const blocks: Uint8Array[] = []
  const add = (file: string, body: Uint8Array) => {
    const header = Buffer.alloc(512)
    header.write(file)
    header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124)
    header.write('        0', 148)
    header.write('ustar\x0000', 257)
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    blocks.push(header, body, Buffer.alloc((512 - (body.length % 512)) % 512))
  }
  for (const [label, count] of Object.entries(counts)) {
    for (let index = 0; index < count; index++) {
      add(`${label}${index}.png`, await plain(label, index))
      add(`${label}${index}.txt`, Buffer.from(label))
    }
  }
  await mkdir(join(path(name), '..'), { recursive: true })
  await writeFile(path(name), Buffer.concat([...blocks, Buffer.alloc(1024)]))
}

const lastEpoch = async (run: string) =>
  JSON.parse((await readFile(path(`${run}/log.jsonl`), 'utf8')).trim().split('\n').at(-1)!)

describe('classes of parts', () => {
  it('are brought together by name, in shards and packed files: training tells what evaluate does', async () => {
    await writeShard('shards/train/0.tar', { a: 16, b: 16, c: 16 })
    await writeShard('shards/test/0.tar', { b: 6, c: 6 })
    await succeed(alexnet('pack shards packed'))
    for (const set of ['shards', 'packed']) {
      await succeed(alexnet(`train ${set} ${SMALL} --epochs 12 --out run-${set}`))
      const { validation } = await lastEpoch(`run-${set}`)
      expect(validation.top1).toBe(1)
      expect(validation.classes).toEqual([null, 1, 1])
      const { stdout } = await succeed(alexnet(`evaluate ${set} --weights run-${set} --json`))
      expect(JSON.parse(stdout)).toMatchObject({ top1: 1, skipped: [] })
    }
  })

  it('that are not trained on are an error', async () => {
    await writeShard('more/train/0.tar', { a: 2, b: 2 })
    await writeShard('more/val/0.tar', { a: 2, c: 2 })
    const { code, stderr } = await alexnet(`train more ${SMALL} --out more-run`)
    expect([code, stderr]).toEqual([
      2,
      'alexnet: val: the training part does not know the class c; it knows a, b\n',
    ])
  })

  it('are validated on val/, not on test/', async () => {
    await writeFolders('three/Train', { a: 6, b: 6 })
    await writeFolders('three/VAL', { a: 2, b: 3 })
    await writeFolders('three/Test', { a: 3, b: 1 })
    const { stderr } = await succeed(alexnet(`train three ${SMALL} --epochs 1 --out three-run`))
    expect(stderr).toContain('2 classes')
    expect(stderr).toContain('12 pictures to train on, 5 to validate on')
    for (const [split, pictures] of [
      ['validation', 5],
      ['test', 4],
    ]) {
      const { stdout } = await succeed(
        alexnet(`evaluate three --weights three-run --split ${split} --json`),
      )
      expect(JSON.parse(stdout).pictures).toBe(pictures)
    }
  })

  it('of which there is one only are refused, and what is passed over is said', async () => {
    await writeFolders('one', { a: 4 })
    const { code, stderr } = await alexnet(`train one ${SMALL} --out one-run`)
    expect([code, stderr]).toEqual([
      2,
      'alexnet: one: all its pictures are of one class, "a"; a network needs two or more to tell apart\n',
    ])
    await writeFolders('bitmaps', { a: 2, b: 2 })
    await writeFile(path('bitmaps/a/x.heic'), 'BM')
    const stats = await succeed(alexnet('data stats bitmaps'))
    expect(stats.stderr).toContain(
      'warning: bitmaps: passed over 1 file (.heic 1), such as bitmaps/a/x.heic',
    )
  })
})

describe('--limit', () => {
  it.each([15, 4, 1])('trains on exactly %i pictures', async (limit) => {
    const { stderr } = await succeed(
      alexnet(`train shapes:100 ${SMALL} --epochs 1 --limit ${limit} --out limit-${limit}`),
    )
    expect(stderr).toMatch(new RegExp(`^${limit} pictures to train on`, 'm'))
    const classes = Number(/(\d+) classes$/m.exec(stderr)![1])
    expect(stderr.includes(`--limit ${limit} leaves ${classes - limit} of`)).toBe(limit < classes)
  })
})

describe('--on-broken skip', () => {
  beforeAll(async () => {
    await writeFolders('broken', { a: 9, b: 9 })
    for (const name of ['a/0', 'a/4', 'b/2']) await writeFile(path(`broken/${name}.png`), 'broken')
    await succeed(alexnet(`train broken ${SMALL} --on-broken skip --epochs 4 --out skipping`))
  })

  it('ends training, evaluation and classification at a broken picture without it', async () => {
    for (const command of [
      `train broken ${SMALL} --out stopped`,
      'evaluate broken --weights skipping',
      'classify broken/a/1.png broken/a/0.png --weights skipping',
    ]) {
      const { code, stderr } = await alexnet(command)
      expect(code, command).toBe(1)
      expect(stderr, command).toMatch(/alexnet: broken\/\w\/\d\.png is no JPEG.*\n$/)
    }
  })

  it('evaluates and explains the others, counts and lists those that were left out', async () => {
    const evaluated = await succeed(
      alexnet('evaluate broken --weights skipping --on-broken skip --json'),
    )
    const { pictures, skipped } = JSON.parse(evaluated.stdout)
    expect(pictures).toBe(15)
    expect(skipped.map((one: { path: string }) => one.path)).toEqual([
      'broken/a/0.png',
      'broken/a/4.png',
      'broken/b/2.png',
    ])
    expect(evaluated.stderr).toMatch(/^skipped 3 pictures that cannot be used:\n {2}broken\/a\/0/)
    const ten = await succeed(
      alexnet('evaluate broken --weights skipping --on-broken skip --views ten --json'),
    )
    expect(JSON.parse(ten.stdout)).toMatchObject({ pictures: 15, skipped })
    const near = await succeed(
      alexnet(
        'explain broken/a/1.png --method neighbours --dataset broken --weights skipping --on-broken skip --out near.png',
      ),
    )
    expect(near.stderr).toContain('skipped 3 pictures')
  })

  it('classifies, explains and writes features of the others, and exits with 1', async () => {
    const files = 'broken/a/1.png broken/a/0.png broken/b/1.png gone.png'
    const classified = await alexnet(`classify ${files} --weights skipping --on-broken skip --json`)
    expect(classified.code).toBe(1)
    expect(
      JSON.parse(classified.stdout).map(({ file, top, error }: Record<string, unknown>) => [
        file,
        Array.isArray(top),
        typeof error,
      ]),
    ).toEqual([
      ['broken/a/1.png', true, 'undefined'],
      ['broken/a/0.png', false, 'string'],
      ['broken/b/1.png', true, 'undefined'],
      ['gone.png', false, 'string'],
    ])
    expect(classified.stderr).toContain('skipped 2 pictures that cannot be used:')
    const features = await alexnet(
      `features ${files} --weights skipping --layer features.0 --out f.jsonl --on-broken skip`,
    )
    expect(features.code).toBe(1)
    const rows = (await readFile(path('f.jsonl'), 'utf8')).trim().split('\n')
    expect(rows.map((row) => JSON.parse(row).file)).toEqual(['broken/a/1.png', 'broken/b/1.png'])
    const explained = await alexnet(
      `explain ${files} --weights skipping --on-broken skip --out maps --json`,
    )
    expect(explained.code).toBe(1)
    expect(JSON.parse(explained.stdout)).toHaveLength(2)
  })

  it('is resumed bit for bit, even where whole batches are left out, and notices an edited picture', async () => {
    const run = `train broken ${SMALL} --on-broken skip --batch-size 1 --epochs 2 --checkpoint-every 1 --keep 99`
    const { stderr } = await succeed(alexnet(`${run} --out whole`))
    expect(stderr).toContain('skipped 3 pictures that cannot be used:')
    const checkpoints = path('whole/checkpoints')
    for (const step of [7, 13]) {
      await rm(path('again'), { recursive: true, force: true })
      await mkdir(path('again/checkpoints'), { recursive: true })
      for (const file of ['run.json', 'log.jsonl']) {
        await writeFile(path(`again/${file}`), await readFile(path(`whole/${file}`)))
      }
      const name = `step-${String(step).padStart(8, '0')}.safetensors`
      await writeFile(path(`again/checkpoints/${name}`), await readFile(join(checkpoints, name)))
      await succeed(alexnet(`${run} --resume --out again`))
      const [expected, found] = await Promise.all(['whole', 'again'].map((one) => lastTensors(one)))
      expect(found).toEqual(expected)
    }
    await rename(path('broken/a/5.png'), path('broken/a/5'))
    await writeFile(path('broken/a/5.png'), (await readFile(path('broken/a/5'))).reverse())
    await rm(path('broken/a/5'))
    const changed = await alexnet(`${run} --resume --out again`)
    expect([changed.code, changed.stderr]).toEqual([
      2,
      expect.stringContaining('the data set is not the one that again was trained on'),
    ])
  })
})

/** Tensors of the last checkpoint of a run. */
async function lastTensors(run: string) {
  const names = (await readdir(path(`${run}/checkpoints`))).filter((name) =>
    name.startsWith('step'),
  )
  const { tensors } = await readCheckpointFile(path(`${run}/checkpoints/${names.sort().at(-1)}`))
  return [...tensors].map(([name, { data }]) => [name, data])
}
