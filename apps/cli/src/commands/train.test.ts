// What `alexnet train` leaves and how it goes on: recipes, logs and their readers, checkpoints that are
// damaged, folders of earlier versions, fine-tuning. Runs the built command.

import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodePicture, shapes, trainingPresetNames } from '@alexnet/data'
import { recipes } from '@alexnet/train'
import { encodeSafetensors, readSafetensors } from '@alexnet/weights'
import { readCheckpointFile } from '@alexnet/weights/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readEvents } from '../testing/event-file.ts'
import { killAndResume } from '../testing/kill.ts'
import { writeShapes } from '../testing/pictures.ts'
import { type Result, start, temporaryFolder } from '../testing/run.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

const alexnet = (args: string, more: Partial<Parameters<typeof start>[1]> = {}) =>
  start(args.split(' '), { cwd: folder.path, ...more })

async function succeed(run: Promise<Result>): Promise<Result> {
  const result = await run
  expect(result.code, result.stderr).toBe(0)
  return result
}

const path = (name: string) => join(folder.path, name)
const read = (name: string) => readFile(path(name), 'utf8')
const linesOf = async (name: string) =>
  (await read(name))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

/** The smallest network, for a moment. */
const SMALL = 'train shapes:120 --variant lenet-5 --batch-size 20 --no-report'

describe('a run', () => {
  beforeAll(async () => {
    await succeed(
      alexnet(
        'train shapes:120 --variant lenet-5 --batch-size 20 --epochs 2 --average-decay 0.9 --clip-norm 1 --cut-mix 1 --warm-up 0.5 --schedule cosine --out run',
      ),
    )
  })

  it('keeps its recipe with what was said otherwise, its versions and the data set', async () => {
    const settings = JSON.parse(await read('run/run.json'))
    expect(settings).toMatchObject({
      format: 2,
      dataset: 'shapes:120',
      fingerprint: expect.stringMatching(/shapes/),
      seed: 0,
      recipe: {
        ...recipes.small,
        name: 'small',
        epochs: 2,
        batchSize: 20,
        averageDecay: 0.9,
        clipNorm: 1,
        cutMix: 1,
        warmUpEpochs: 0.5,
        schedule: { kind: 'cosine' },
        augmentation: 'cifar',
      },
      versions: { node: process.version, tensorflow: '4.22.0', backend: expect.any(String) },
    })
    // The build that the command takes of itself: the wide one on engines that were tested so.
    const tested = process.arch === 'x64' && /^v2[246]\./.test(process.version)
    expect(settings.versions.build.split(', ')).toEqual(
      expect.arrayContaining(tested ? ['relaxed-simd-wide', 'widened'] : ['shared-memory']),
    )
  })

  it('computes without joined vectors where it is asked to', async () => {
    await succeed(alexnet(`${SMALL} --epochs 1 --no-widen --out plain`))
    expect(JSON.parse(await read('plain/run.json')).versions.build).not.toContain('wide')
  })

  it('logs steps and epochs, by class and with the confusion of the validation', async () => {
    const lines = await linesOf('run/log.jsonl')
    const steps = lines.filter(({ type }) => type === 'step')
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, at) => at + 1))
    expect(steps[0]).toMatchObject({ epoch: 1, gradientNorm: expect.any(Number) })
    const [first, second] = lines.filter(({ type }) => type === 'epoch')
    expect([first.step, second.step]).toEqual([6, 12])
    const { confusion, classes, pictures, top1 } = second.validation
    expect(confusion.flat().reduce((sum: number, count: number) => sum + count, 0)).toBe(pictures)
    const right = confusion.reduce((sum: number, row: number[], at: number) => sum + row[at]!, 0)
    expect(right / pictures).toBeCloseTo(top1, 9)
    expect(classes).toHaveLength(10)
    expect(second.memory).toBeGreaterThan(1e7)
  })

  it("writes event files that the official protocol's definition reads", async () => {
    const [file] = await readdir(path('run/tensorboard'))
    expect(file).toMatch(/^events\.out\.tfevents\.\d+/)
    const events = readEvents(await readFile(path(`run/tensorboard/${file}`)))
    expect(events[0]).toMatchObject({ fileVersion: 'brain.Event:2' })
    const scalars = new Map<string, number[]>()
    for (const { step, summary } of events) {
      for (const { tag, simpleValue } of summary?.value ?? []) {
        if (simpleValue === undefined) continue
        scalars.set(tag, [...(scalars.get(tag) ?? []), step, simpleValue])
      }
    }
    const lines = await linesOf('run/log.jsonl')
    const losses = lines
      .filter(({ type }) => type === 'step')
      .flatMap(({ step, loss }) => [step, Math.fround(loss)])
    expect(scalars.get('step/loss')).toEqual(losses)
    const tops = lines
      .filter(({ type }) => type === 'epoch')
      .flatMap(({ step, validation }) => [step, Math.fround(validation.top1)])
    expect(scalars.get('validation/top1')).toEqual(tops)
    expect([...scalars.keys()]).toContain(`class/${shapes().classes[9]}`)
  })

  it("draws the confusion of each epoch into the event files, cells by their row's share", async () => {
    const [file] = await readdir(path('run/tensorboard'))
    const events = readEvents(await readFile(path(`run/tensorboard/${file}`)))
    const drawn = events.flatMap(({ step, summary }) =>
      (summary?.value ?? []).flatMap(({ tag, image }) => (image ? [{ step, tag, image }] : [])),
    )
    const epochs = (await linesOf('run/log.jsonl')).filter(({ type }) => type === 'epoch')
    expect(drawn.map(({ step, tag }) => [step, tag])).toEqual(
      epochs.map(({ step }) => [step, 'validation/confusion']),
    )
    for (const [at, { image }] of drawn.entries()) {
      const { width, height, data } = await decodePicture(image.encodedImageString)
      expect([image.width, image.height, image.colorspace]).toEqual([width, height, 3])
      const { confusion } = epochs[at].validation
      const cell = (width - 1) / confusion.length
      for (const [own, row] of (confusion as number[][]).entries()) {
        const total = row.reduce((sum, count) => sum + count, 0)
        for (const [given, count] of row.entries()) {
          const middle = [own, given].map((place) => Math.floor((place + 0.5) * cell))
          const red = data[(middle[0]! * width + middle[1]!) * 3]!
          const full = own === given ? 21 : 194
          const share = ((255 - red) / (255 - full)) ** 2
          expect(Math.abs(share - count / Math.max(1, total))).toBeLessThan(0.02)
        }
      }
    }
  })

  it('reports on one page that asks for nothing else', async () => {
    const page = await read('run/report.html')
    expect(page).toMatch(/^<!doctype html>/)
    expect(page.match(/<svg/g)!.length).toBeGreaterThanOrEqual(7)
    expect(page.match(/<img src="data:image\/png;base64,/g)!.length).toBeGreaterThan(3)
    expect(page).not.toMatch(/<script|(src|href)="http/)
    expect(page).toMatch(/lenet-5 on shapes:120/)
    expect(page).toMatch(/prefers-color-scheme:dark/)
  })
})

describe('rates and decay of single layers', () => {
  it("are the run's rules, one a pattern, before those of the recipe", async () => {
    await succeed(
      alexnet(
        `${SMALL} --epochs 1 --recipe fine-tune --layer-rate *.bias=2 --layer-decay *.bias=0 --freeze features.0.weight --out ruled`,
      ),
    )
    const { recipe } = JSON.parse(await read('ruled/run.json'))
    expect(recipe.rules).toEqual([
      { weights: 'features.0.weight', frozen: true },
      { weights: '*.bias', learningRate: 2, weightDecay: 0 },
      ...recipes['fine-tune'].rules,
    ])
    const again = await alexnet('train shapes:120 --out ruled --resume --layer-decay *.bias=1')
    expect([again.code, again.stderr]).toEqual([
      2,
      expect.stringMatching(/--layer-decay stands as it was/),
    ])
  })
})

describe('going on', () => {
  it('from the checkpoint before, when the last one is damaged; the log tells of one run', async () => {
    await succeed(alexnet(`${SMALL} --epochs 3 --keep 3 --out whole`))
    await succeed(alexnet(`${SMALL} --epochs 3 --keep 3 --out damaged`))
    const names = (await readdir(path('damaged/checkpoints'))).sort()
    expect(names).toEqual(['06', '12', '18'].map((step) => `step-000000${step}.safetensors`))
    // One flipped bit, deep in the tensors.
    const last = path(`damaged/checkpoints/${names.at(-1)}`)
    const bytes = await readFile(last)
    bytes[bytes.length - 1000]! ^= 1
    await writeFile(last, bytes)
    const { stderr } = await succeed(alexnet('train shapes:120 --out damaged --resume --no-report'))
    expect(stderr).toMatch(/warning: .*step-00000018\.safetensors: its hash is another one/)
    expect(stderr).toMatch(/going on after step 12/)
    const [whole, damaged] = await Promise.all(
      ['whole', 'damaged'].map((run) => readCheckpointFile(path(`${run}/model.safetensors`))),
    )
    expect(new Map(damaged!.tensors)).toEqual(new Map(whole!.tensors))
    const losses = async (run: string) =>
      (await linesOf(`${run}/log.jsonl`)).map(({ step, loss, train }) => [step, loss ?? train.loss])
    expect(await losses('damaged')).toEqual(await losses('whole'))
    const [, second] = (await readdir(path('damaged/tensorboard'))).sort()
    const events = readEvents(await readFile(path(`damaged/tensorboard/${second}`)))
    expect(events[1]).toMatchObject({ step: 13, sessionLog: { status: 'START' } })
  })

  it('with a folder of the first version, checkpoint and all', async () => {
    await succeed(alexnet(`${SMALL} --epochs 2 --momentum 0.8 --out new`))
    // As the first version left it after its first epoch.
    const { recipe, model, labels, preprocessing, dataset, fingerprint, validation } = JSON.parse(
      await read('new/run.json'),
    )
    const { epochs, batchSize, learningRate, optimizer } = recipe
    const first = {
      dataset,
      fingerprint,
      model,
      labels,
      preprocessing,
      validation,
      limit: null,
      seed: 0,
      augment: true,
      epochs,
      batchSize,
      learningRate,
      schedule: 'one-cycle',
      momentum: 0.8,
      nesterov: optimizer.nesterov,
      weightDecay: 5e-4,
      labelSmoothing: 0,
    }
    await mkdir(path('old'))
    await writeFile(path('old/run.json'), JSON.stringify(first))
    const checkpoint = readSafetensors(
      await readFile(path('new/checkpoints/step-00000006.safetensors')),
    )
    const { counts: _, ...training } = JSON.parse(checkpoint.metadata.training!)
    await writeFile(
      path('old/checkpoint.safetensors'),
      Buffer.concat(encodeSafetensors(checkpoint.tensors, { training: JSON.stringify(training) })),
    )
    await copyFile(path('new/model.safetensors'), path('old/model.safetensors'))
    const { stderr } = await succeed(alexnet('train shapes:120 --out old --resume --no-report'))
    expect(stderr).toMatch(/going on after step 6/)
    const name = 'checkpoints/step-00000012.safetensors'
    const [fresh, old] = await Promise.all(
      ['new', 'old'].map((run) => readCheckpointFile(path(`${run}/${name}`))),
    )
    expect(new Map(old!.tensors)).toEqual(new Map(fresh!.tensors))
    await writeFile(path('old/run.json'), JSON.stringify({ ...first, format: 3 }))
    const later = await alexnet('train shapes:120 --out old --resume')
    expect(later).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/written by a later version of this program \(format 3\)/),
    })
  })

  it('after kills at random moments, with the losses of a run that was left alone', async () => {
    const cwd = path('killing')
    await mkdir(cwd)
    const result = await killAndResume({
      cwd,
      args: 'shapes:120 --variant lenet-5 --epochs 2 --batch-size 10 --checkpoint-every 4 --threads 1 --no-report'.split(
        ' ',
      ),
      kills: 4,
      seed: 2,
    })
    expect(result.differences).toEqual([])
    expect(result.kills).toBeGreaterThanOrEqual(4)
    expect(result.compared).toBeGreaterThanOrEqual(24)
  })
})

describe('fine-tuning', () => {
  it('begins with the weights of a run, head anew, and ends with a classifier of the new classes', async () => {
    await succeed(alexnet(`${SMALL} --epochs 1 --out base`))
    await writeShapes(path('mine'), { count: 150, classes: ['circle', 'stripes', 'star'] })
    const { stderr } = await succeed(
      alexnet('train mine --from base --epochs 2 --head-epochs 1 --out tuned'),
    )
    expect(stderr).toMatch(/alexnet lenet-5, 32×32 pixels, 3 classes, from base/)
    expect(stderr).toMatch(/recipe fine-tune: 2 epochs/)
    // While the head is trained alone, the features stay what they were.
    const names = (await readdir(path('tuned/checkpoints'))).sort()
    const [base, head] = await Promise.all(
      ['base/model.safetensors', `tuned/checkpoints/${names[0]}`].map((file) =>
        readCheckpointFile(path(file)),
      ),
    )
    const weights = 'features.0.weight'
    expect(head!.tensors.get(weights)!.data).toEqual(base!.tensors.get(weights)!.data)
    expect(head!.tensors.get('classifier.2.weight')!.shape[0]).toBe(3)
    const [picture] = await readdir(path('mine/star'))
    const { stdout } = await succeed(
      alexnet(`classify mine/star/${picture} --weights tuned --top 3 --json`),
    )
    const labels = JSON.parse(stdout)[0].top.map(({ label }: { label: string }) => label)
    expect(labels.sort()).toEqual(['circle', 'star', 'stripes'])
  })

  it('says what is wrong with what it is to begin with', async () => {
    const none = await alexnet('train shapes:120 --from nothing --out x')
    expect([none.code, none.stderr]).toEqual([2, expect.stringMatching(/nothing: no such file/)])
    const other = await alexnet('train shapes:120 --from base --variant cifar --out x')
    expect(other.code).toBe(2)
    expect(other.stderr).toMatch(/variant 'lenet-5', not 'cifar'/)
  })
})

describe('mistakes', () => {
  it.each([
    ['--recipe papr', /no recipe 'papr': choose one of paper, /],
    ['--augment cifr', /no augmentation 'cifr': choose one of paper, .*none/],
    ['--layer-rate features', /a name and a factor/],
    ['--layer-decay *.bias', /a name and a factor, such as "\*\.bias=0"/],
    ['--freeze feature.*', /no weight is called 'feature\.\*': the names are features\.0\.weight/],
    ['--optimizer adamw --momentum 0.5', /--momentum belongs to sgd/],
  ])('%s', async (options, message) => {
    const { code, stderr, stdout } = await alexnet(`${SMALL} --out none ${options}`)
    expect(stderr).toMatch(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect([code === 1 || code === 2, stdout]).toEqual([true, ''])
    expect(await readdir(folder.path)).not.toContain('none')
  })

  it('a rate far too high: the step, the last good checkpoint, what to do', async () => {
    const { code, stderr } = await alexnet(
      `${SMALL} --epochs 9 --learning-rate 1e9 --schedule constant --activation relu --checkpoint-every 1 --out burst`,
    )
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /alexnet: .*(at|after) step \d+ .*lower the learning rate.*last good checkpoint is burst\/checkpoints\/step-00000001\.safetensors: name it with --from, and another --out\)/,
    )
  })

  it('goes on from a checkpoint by --from: its network, the preparation of its pictures and its head', async () => {
    // Not at its last step: the averages and the momentum that lie beside the weights are left out.
    const first = await alexnet(
      `${SMALL} --epochs 1 --checkpoint-every 1 --keep 9 --out whole-epoch`,
    )
    expect(first.code, first.stderr).toBe(0)
    const last = 'whole-epoch/checkpoints/step-00000001.safetensors'
    const calm = await alexnet(
      `${SMALL.replace(/--variant \S+ ?/, '')} --epochs 1 --learning-rate 1e-9 --from ${last} --out calm`,
    )
    expect([calm.code, calm.stderr]).toEqual([0, expect.not.stringContaining('alexnet:')])
    const weights = async (path: string) =>
      (await readCheckpointFile(join(folder.path, path))).tensors
    const [from, to] = [await weights(last), await weights('calm/model.safetensors')]
    for (const [name, { data }] of to) {
      const before = from.get(name)!.data as Float32Array
      const worst = (data as Float32Array).reduce(
        (most, value, index) => Math.max(most, Math.abs(value - before[index]!)),
        0,
      )
      expect(worst, name).toBeLessThan(1e-4)
    }
    const settings = async (out: string) =>
      JSON.parse(await readFile(join(folder.path, `${out}/run.json`), 'utf8'))
    expect((await settings('calm')).model).toEqual((await settings('whole-epoch')).model)
  })

  it('all recipes can be prepared for', () => {
    for (const recipe of Object.values(recipes)) {
      if ('augmentation' in recipe) expect(trainingPresetNames).toContain(recipe.augmentation)
    }
  })
})
