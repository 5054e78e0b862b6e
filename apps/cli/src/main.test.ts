// The command as its users meet it: built, in a process of its own, with real files.

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cifar10 } from '@alexnet/cifar10'
import { architectures } from '@alexnet/core'
import { encodePng, type Picture, shapes } from '@alexnet/data'
import { readSafetensors } from '@alexnet/weights'
import { readCheckpointFile } from '@alexnet/weights/node'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Result, start, temporaryFolder } from './testing/run.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
  await writePictures('pictures', 150)
})
afterAll(() => folder.remove())

const writePicture = async (path: string, picture: Picture) =>
  writeFile(path, await encodePng(picture))

/** An image folder of drawn shapes, `<class>/<n>.png`. */
async function writePictures(name: string, count: number) {
  const dataset = shapes({ count, seed: 5 })
  for (const label of dataset.classes)
    await mkdir(join(folder.path, name, label), { recursive: true })
  for (let index = 0; index < count; index++) {
    const label = dataset.classes[dataset.label(index)]!
    await writePicture(join(folder.path, name, label, `${index}.png`), await dataset.load(index))
  }
}

const alexnet = (args: string, more: Partial<Parameters<typeof start>[1]> = {}) =>
  start(args.split(' '), { cwd: folder.path, ...more })

/** Trains LeNet-5, the smallest network, for a moment. */
const TRAINING = 'train pictures --variant lenet-5 --batch-size 20 --epochs 3 --seed 3 --out'

async function succeed(run: Promise<Result>): Promise<Result> {
  const result = await run
  expect(result.code, result.stderr).toBe(0)
  return result
}

describe('train, evaluate, classify, features', () => {
  beforeAll(async () => {
    await succeed(alexnet(`${TRAINING} whole`))
  })

  it('keeps model, checkpoint, settings and log', async () => {
    expect((await readdir(join(folder.path, 'whole'))).sort()).toEqual([
      'checkpoints',
      'log.jsonl',
      'model.safetensors',
      'report.html',
      'run.json',
      'tensorboard',
    ])
    const log = (await readFile(join(folder.path, 'whole/log.jsonl'), 'utf8')).trim().split('\n')
    const epochs = log.map((line) => JSON.parse(line)).filter(({ type }) => type === 'epoch')
    const losses = epochs.map(({ train }) => train.loss)
    expect(losses).toHaveLength(3)
    expect(losses[2]).toBeLessThan(losses[0])
    const { tensors } = await readCheckpointFile(join(folder.path, 'whole/model.safetensors'))
    const first = architectures['lenet-5'].features[0] as { filters: number; size: number }
    expect(tensors.get('features.0.weight')!.shape).toEqual([
      first.filters,
      3,
      first.size,
      first.size,
    ])
  })

  // Windows ends a process that is sent a signal without telling it.
  it.skipIf(process.platform === 'win32')(
    'stopped by Ctrl-C and resumed, ends bit for bit as the run that was not',
    async () => {
      const stopped = await alexnet(`${TRAINING} stopped --json`, {
        onStdout: (text, child) => {
          if (text.includes('"step":9,')) child.kill('SIGINT')
        },
      })
      expect(stopped.code).toBe(130)
      const steps = stopped.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      expect(steps.at(-1)).toMatchObject({ type: 'checkpoint', reason: 'interrupted' })
      const resumed = await succeed(alexnet('train pictures --out stopped --resume'))
      expect(resumed.stderr).toMatch(/going on after step (9|1\d)/)
      const [last] = (await readdir(join(folder.path, 'whole/checkpoints'))).sort().reverse()
      for (const file of ['model.safetensors', `checkpoints/${last}`]) {
        const [whole, parts] = await Promise.all(
          ['whole', 'stopped'].map((run) => readCheckpointFile(join(folder.path, run, file))),
        )
        expect(parts!.tensors.size).toBeGreaterThan(0)
        expect(new Map(parts!.tensors)).toEqual(new Map(whole!.tensors))
      }
    },
  )

  it('killed without a warning, goes on from the last checkpoint', async () => {
    const killed = await alexnet(`${TRAINING} killed --json --checkpoint-every 2`, {
      onStdout: (text, child) => {
        if (text.includes('"step":9,')) child.kill('SIGKILL')
      },
    })
    expect(killed.code).toBe(null)
    await succeed(alexnet('train pictures --out killed --resume'))
    const [whole, parts] = await Promise.all(
      ['whole', 'killed'].map((run) =>
        readCheckpointFile(join(folder.path, run, 'model.safetensors')),
      ),
    )
    expect(new Map(parts!.tensors)).toEqual(new Map(whole!.tensors))
  })

  it('does not write over a run, nor resume with other settings or data', async () => {
    const again = await alexnet(`${TRAINING} whole`)
    expect([again.code, again.stderr]).toEqual([
      2,
      'alexnet: whole already holds a run: go on with it by --resume, or name another folder with --out\n',
    ])
    const other = await alexnet('train pictures --out whole --resume --learning-rate 0.5')
    expect(other).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--learning-rate was 0\.02/),
    })
    await writePictures('others', 40)
    const data = await alexnet('train others --out whole --resume')
    expect(data).toMatchObject({ code: 2, stderr: expect.stringMatching(/not the one that whole/) })
    const none = await alexnet('train pictures --out nowhere --resume')
    expect(none).toMatchObject({ code: 2, stderr: expect.stringMatching(/nowhere holds no run/) })
  })

  it('takes a class of one picture, and then validates on none', async () => {
    await writePictures('few', 10)
    const { stderr } = await succeed(
      alexnet('train few --variant lenet-5 --epochs 1 --out few-run'),
    )
    expect(stderr).toMatch(/10 pictures to train on, none to validate on/)
  })

  it('evaluates', async () => {
    const { stdout } = await succeed(alexnet('evaluate pictures --weights whole --json'))
    const metrics = JSON.parse(stdout)
    expect(metrics.pictures).toBe(150)
    expect(metrics.classes).toHaveLength(10)
    const right = metrics.confusion.map((row: number[], index: number) => row[index]!)
    expect(right.reduce((sum: number, count: number) => sum + count, 0) / 150).toBeCloseTo(
      metrics.top1,
      9,
    )
    expect(metrics.top5).toBeGreaterThan(metrics.top1)
    const { stdout: text } = await succeed(alexnet('evaluate pictures --weights whole'))
    expect(text).toMatch(
      /^150 pictures: top-1 \d+\.\d%, top-5 \d+\.\d%, loss \d+\.\d{4}, calibration error \d+\.\d%\n/,
    )
    expect(text).toMatch(/^ {2}circle .* \d+\.\d% of \d+$/m)
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  it('classifies, likeliest first', async () => {
    const files = ['pictures/circle/0.png', 'pictures/square/1.png']
    const { stdout } = await succeed(alexnet(`classify ${files.join(' ')} -w whole --top 3 --json`))
    const results = JSON.parse(stdout)
    expect(results.map(({ file }: { file: string }) => file)).toEqual(files)
    for (const { top } of results) {
      expect(top).toHaveLength(3)
      expect(Object.keys(top[0])).toEqual(['index', 'label', 'probability'])
      expect(top[0].probability).toBeGreaterThanOrEqual(top[1].probability)
    }
    const all = JSON.parse(
      (await succeed(alexnet(`classify ${files[0]} -w whole --top 10 --json`))).stdout,
    )
    const total = all[0].top.reduce(
      (sum: number, one: { probability: number }) => sum + one.probability,
      0,
    )
    expect(total).toBeCloseTo(1, 5)
  })

  it('writes features, a row a picture in the order given, in three formats that agree', async () => {
    const files = ['pictures/square/1.png', 'pictures/circle/0.png', 'pictures/square/1.png']
    const base = `features ${files.join(' ')} -w whole --batch-size 2`
    const read = (name: string) => readFile(join(folder.path, name))
    await succeed(alexnet(`${base} -l features.0 -o out.jsonl`))
    await succeed(alexnet(`${base} -l features.0 -o out.npy`))
    const { stdout } = await succeed(alexnet(`${base} -l features.0 -o out.safetensors --json`))
    const { shape } = JSON.parse(stdout)
    expect(shape[0]).toBe(3)
    expect(shape).toHaveLength(4)

    const rows = (await readFile(join(folder.path, 'out.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows.map(({ file }) => file)).toEqual(files)
    expect(rows[0].features).toEqual(rows[2].features)
    expect(rows[0].features).not.toEqual(rows[1].features)
    const flat = rows.flatMap(({ features }) => features)
    const stored = readSafetensors(await read('out.safetensors'))
    expect(stored.tensors.get('features')!.shape).toEqual(shape)
    expect([...(stored.tensors.get('features')!.data as Float32Array)]).toEqual(flat)
    expect(JSON.parse(stored.metadata.files!)).toEqual(files)
    const npy = await read('out.npy')
    expect(npy.subarray(0, 128).toString('latin1')).toContain(`'shape': (${shape.join(', ')})`)
    expect([...new Float32Array(new Uint8Array(npy.subarray(128)).buffer)]).toEqual(flat)
  })
})

describe('demo', () => {
  it('goes the whole way, and every file it names is there', async () => {
    const { stdout, stderr } = await succeed(alexnet('demo --pictures 100 --epochs 1'))
    expect(stdout).toMatch(/500 pictures: top-1 \d/)
    expect(stdout).toMatch(/300 pictures it has not seen: top-1 \d/)
    expect(stdout.match(/^runs\/demo\/pictures\/\d-\w+\.png\n(.* \d+\.\d%\n){3}/gm)).toHaveLength(5)
    expect(stderr).toMatch(/1\/1/)
    expect((await readdir(join(folder.path, 'runs/demo'))).sort()).toEqual([
      'checkpoints',
      'fine-tuned',
      'log.jsonl',
      'model.safetensors',
      'other-pictures',
      'pictures',
      'report.html',
      'run.json',
      'tensorboard',
    ])
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  })
})

describe('inspect', () => {
  it('prints a table that fits a terminal, with the published totals', async () => {
    const { stdout } = await succeed(alexnet('inspect --variant paper'))
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(stdout).toMatch(/60,965,224/)
    const { parameters, multiplyAdds } = JSON.parse(
      (await succeed(alexnet('inspect --json'))).stdout,
    )
    expect([parameters, multiplyAdds]).toEqual([61_100_840, 714_188_480])
  })
})

describe('help', () => {
  it('every command has examples, and no line is wider than a terminal', async () => {
    for (const command of [
      '',
      'train ',
      'evaluate ',
      'classify ',
      'features ',
      'inspect ',
      'demo ',
    ]) {
      const { stdout } = await succeed(alexnet(`${command}--help`))
      expect(stdout).toMatch(/Examples:\n {2}\$ alexnet/)
      expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
    }
  })
})

describe('the bundled model', () => {
  it('classifies where no weights are named, and says so', async () => {
    const { code, stdout, stderr } = await alexnet('classify pictures/circle/0.png --json')
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/^using the weights 'cifar10' .*name others with --weights$/m)
    const [{ top }] = JSON.parse(stdout)
    expect(top).toHaveLength(5)
    const labels = await cifar10.labels()
    for (const { index, label } of top) expect(label).toBe(labels[index])
  })
})

describe('mistakes: one line, an exit code, nothing half-written', () => {
  const cases: [string, string, number, RegExp][] = [
    ['a missing folder', 'train missing', 1, /missing: there is no such folder/],
    [
      'an unknown variant',
      'inspect --variant alexnt',
      1,
      /no variant 'alexnt': choose one of torchvision, paper,/,
    ],
    ['an unknown variant for training', 'train pictures --variant papre', 1, /did you mean paper/],
    [
      'a number that is none',
      'train pictures --epochs many',
      2,
      /--epochs.*whole number of at least 1/,
    ],
    [
      'an unknown option',
      'classify a.png -w w --tpo 3',
      2,
      /unknown option '--tpo'.*Did you mean --top/s,
    ],
    ['an unknown command', 'clasify a.png', 2, /unknown command 'clasify'.*Did you mean classify/s],
    [
      'missing weights',
      'classify pictures/circle/0.png -w none.safetensors',
      1,
      /none\.safetensors: no such file/,
    ],
    ['a missing picture', 'classify none.png -w trained', 1, /none\.png/],
    [
      'an unknown layer',
      'features pictures/circle/0.png -w trained -l features.00 -o f.npy',
      1,
      /no layer 'features\.00': did you mean features\.0 or .*The layers are/,
    ],
    [
      'an unknown format',
      'features pictures/circle/0.png -w trained -l features.0 -o f.txt',
      2,
      /f\.txt: .*\.npy, \.safetensors, \.jsonl/,
    ],
    [
      'weights that are text',
      'classify pictures/circle/0.png -w notes.txt',
      1,
      /notes\.txt: this is no checkpoint of a known format/,
    ],
  ]
  beforeAll(async () => {
    await succeed(alexnet('train pictures --variant lenet-5 --limit 40 --epochs 1 --out trained'))
    await writeFile(join(folder.path, 'notes.txt'), 'these are no weights at all')
  })
  it.each(cases)('%s', async (_, args, code, message) => {
    const before = await readdir(folder.path)
    const result = await alexnet(args)
    expect(result.stderr).toMatch(message)
    expect(result.stderr).toMatch(/^alexnet: /)
    expect(result.stderr).not.toMatch(/^\s+at /m)
    expect(result.code).toBe(code)
    expect(result.stdout).toBe('')
    expect(await readdir(folder.path)).toEqual(before)
  })

  it('an empty class is named, and no run folder made', async () => {
    await mkdir(join(folder.path, 'hollow/cat'), { recursive: true })
    await mkdir(join(folder.path, 'hollow/dog'), { recursive: true })
    await writePicture(join(folder.path, 'hollow/cat/1.png'), await shapes({ count: 10 }).load(0))
    const { code, stderr } = await alexnet('train hollow --out hollow-run')
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^alexnet: .*dog/)])
    expect(await readdir(folder.path)).not.toContain('hollow-run')
  })

  it('pictures that cannot be used are named, with the reason', async () => {
    const jpeg = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#48c' } })
      .jpeg()
      .toBuffer()
    const bad: [string, Uint8Array, RegExp][] = [
      [
        'truncated.jpg',
        jpeg.subarray(0, jpeg.length - 200),
        /truncated\.jpg .*(truncated|ends|cut|broken)/,
      ],
      ['text.jpg', Buffer.from('this is no picture'), /text\.jpg is no JPEG, PNG, WebP/],
      ['empty.png', Buffer.alloc(0), /empty\.png is empty/],
      [
        'dot.png',
        await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } })
          .png()
          .toBuffer(),
        /dot\.png .*1×1/,
      ],
      [
        'huge.png',
        await sharp({
          create: { width: 20_000, height: 20_000, channels: 3, background: 'red' },
          limitInputPixels: false,
        })
          .png({ compressionLevel: 1 })
          .toBuffer(),
        /huge\.png .*20,?000×20,?000/,
      ],
    ]
    for (const [name, bytes, message] of bad) {
      await writeFile(join(folder.path, name), bytes)
      for (const command of [
        `classify pictures/circle/0.png ${name} -w trained --json`,
        `features pictures/circle/0.png ${name} -w trained -l features.0 --batch-size 1 -o no.npy`,
      ]) {
        const result = await alexnet(command)
        expect([result.code, result.stdout], result.stderr).toEqual([1, ''])
        expect(result.stderr).toMatch(message)
        expect(result.stderr.trim().split('\n')).toHaveLength(1)
        expect((await readdir(folder.path)).filter((file) => file.includes('no.npy'))).toEqual([])
      }
    }
  })

  it('grayscale, CMYK and transparent pictures work', async () => {
    const plain = sharp({ create: { width: 48, height: 40, channels: 3, background: '#48c' } })
    const files = {
      'gray.jpg': await plain.clone().grayscale().jpeg().toBuffer(),
      'cmyk.jpg': await plain.clone().toColourspace('cmyk').jpeg().toBuffer(),
      'alpha.png': await plain.clone().ensureAlpha(0.5).png().toBuffer(),
      'alpha.webp': await plain.clone().ensureAlpha(0.5).webp().toBuffer(),
    }
    for (const [name, bytes] of Object.entries(files))
      await writeFile(join(folder.path, name), bytes)
    const names = Object.keys(files)
    const { stdout } = await succeed(alexnet(`classify ${names.join(' ')} -w trained --json`))
    expect(JSON.parse(stdout).map(({ file }: { file: string }) => file)).toEqual(names)
  })

  it('weights of another shape: the tensor and both shapes', async () => {
    const path = join(folder.path, 'trained/model.safetensors')
    const bytes = await readFile(path)
    const { metadata } = readSafetensors(bytes)
    const { encodeSafetensors } = await import('@alexnet/weights')
    const tensors = new Map(readSafetensors(bytes).tensors)
    tensors.set('features.0.bias', { dtype: 'float32', shape: [5], data: new Float32Array(5) })
    const other = Buffer.concat(encodeSafetensors(tensors, metadata))
    await writeFile(join(folder.path, 'misshapen.safetensors'), other)
    const result = await alexnet('classify pictures/circle/0.png -w misshapen.safetensors')
    expect(result.code).toBe(1)
    expect(result.stderr).toMatch(/features\.0\.bias is \[5\] where the model has \[6\]/)
  })

  it.skipIf(process.platform === 'win32')(
    'a full disk while saving: says so, keeps the last checkpoint whole, leaves no other file',
    async () => {
      const { spawnSync } = await import('node:child_process')
      const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
      // A limit on the size of a file (in 512-byte blocks) stands in for the disk.
      const run = spawnSync(
        'bash',
        [
          '-c',
          `ulimit -f 64; exec "${process.execPath}" "${main}" train pictures --variant lenet-5 --limit 40 --epochs 1 --out full`,
        ],
        {
          cwd: folder.path,
          encoding: 'utf8',
          // What V8 counts for scripts/coverage would not fit either.
          env: { ...process.env, NODE_V8_COVERAGE: undefined },
        },
      )
      expect(run.status).toBe(1)
      expect(run.stderr).toMatch(/^alexnet: full\/model\.safetensors: could not be written/m)
      expect((await readdir(join(folder.path, 'full'))).sort()).toEqual([
        'log.jsonl',
        'run.json',
        'tensorboard',
      ])
    },
  )
})
