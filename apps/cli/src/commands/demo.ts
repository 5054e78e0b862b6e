// alexnet demo, which `npm start` runs: the whole way from pictures to answers on drawn shapes. It calls
// what the other commands call, and shows what a person would want to see of each step.

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Dataset, encodePng, type Picture, shapes } from '@alexnet/data'
import { replaceFile } from '@alexnet/weights/node'
import { plot } from 'asciichart'
import pc from 'picocolors'
import type { EngineOptions } from '../backend.ts'
import { loadModel } from '../model.ts'
import { exitCodes } from '../terminal/errors.ts'
import { duration, halfBlocks, percent } from '../terminal/format.ts'
import { bold, print } from '../terminal/print.ts'
import { command } from '../terminal/shell.ts'
import { RunFolder } from '../train/run-folder.ts'
import { type Classified, formatResult } from './classify.ts'
import { evaluateModel } from './evaluate.ts'
import { runTraining } from './train.ts'

export interface DemoOptions extends EngineOptions {
  out?: string
  pictures: number
  epochs: number
}

const heading = (text: string) => print('', bold(text))

/**
 * For a few hundred steps, not thousands: many small ones, and no regularisation (every picture is new
 * for most of the run).
 */
const recipe = {
  variant: 'cifar',
  batchSize: 16,
  learningRate: 0.02,
  dropout: 0,
  augment: false,
} as const

/** Drawn from another seed than the training pictures, so none of them was seen before. */
const HELD_OUT_SEED = 1

export async function demo(options: DemoOptions): Promise<void> {
  const started = performance.now()
  const folder = new RunFolder(options.out ?? (await freeFolder('runs/demo')))

  heading('1. Train a small AlexNet on drawn shapes')
  print('ten classes:', shapes({ count: 10 }).classes.join(', '))
  const losses: number[] = []
  const finished = await runTraining(
    `shapes:${options.pictures}`,
    { ...options, ...recipe, out: folder.path },
    folder,
    (event) => {
      if (event.type === 'step') losses.push(event.loss)
    },
  )
  if (!finished) {
    process.exitCode = exitCodes.interrupted
    return
  }
  print('', `loss over ${losses.length} steps`)
  print(...plot(averages(losses, 64), { height: 8 }).split('\n'))

  heading('2. Evaluate it on pictures it has not seen')
  const loaded = await loadModel(folder.path)
  const heldOut = shapes({ count: 500, seed: HELD_OUT_SEED, split: 'test' })
  const { pictures, top1, top5, loss } = await evaluateModel(loaded, heldOut, {})
  print(
    `${pictures} pictures: top-1 ${percent(top1)}, top-5 ${percent(top5)}, loss ${loss.toFixed(3)}`,
  )

  heading('3. Classify a few of them')
  for (let index = 0; index < 5; index++) {
    const picture = await heldOut.load(index)
    const label = heldOut.classes[heldOut.label(index)]!
    const file = join(folder.path, 'pictures', `${index}-${label}.png`)
    await replaceFile(file, [await encodePng(picture)])
    show({ file, top: await loaded.classify(picture, { topK: 3 }) }, picture)
  }
  loaded.dispose()

  if (!(await fineTune(folder, options))) return

  heading(
    `Done in ${duration((performance.now() - started) / 1000)}. All of it lies in ${folder.path}`,
  )
  print(
    command`  npm run -s alexnet -- classify ${folder.path}/pictures/*.png --weights ${folder.path}`,
    command`  npm run -s alexnet -- inspect --weights ${folder.path}`,
    command`  npm run -s alexnet -- train ./your-pictures --from ${folder.path} --out runs/yours`,
  )
}

/** Other classes of the same drawings, of which there are few pictures. */
const groups: Record<string, readonly string[]> = {
  round: ['circle', 'ring'],
  angular: ['square', 'triangle', 'star', 'cross'],
  pattern: ['stripes', 'checkerboard', 'dots', 'waves'],
}

/** From the trained network to other classes, by what `alexnet train --from` does. */
async function fineTune(base: RunFolder, options: DemoOptions): Promise<boolean> {
  heading('4. Fine-tune it to other classes, with few pictures')
  const few = grouped(shapes({ count: 120, seed: HELD_OUT_SEED + 1 }))
  const pictures = join(base.path, 'other-pictures')
  for (let index = 0; index < few.length; index++) {
    const file = join(pictures, few.classes[few.label(index)]!, `${index}.png`)
    await replaceFile(file, [await encodePng(await few.load(index))])
  }
  print(`${few.classes.join(', ')}: ${few.length} pictures`)
  const folder = new RunFolder(join(base.path, 'fine-tuned'))
  const finished = await runTraining(
    pictures,
    { ...options, epochs: 6, from: base.path, augment: false, out: folder.path },
    folder,
  )
  if (!finished) {
    process.exitCode = exitCodes.interrupted
    return false
  }
  const loaded = await loadModel(folder.path)
  const heldOut = grouped(shapes({ count: 300, seed: HELD_OUT_SEED, split: 'test' }))
  const { top1 } = await evaluateModel(loaded, heldOut, {})
  loaded.dispose()
  print(`${heldOut.length} pictures it has not seen: top-1 ${percent(top1)}`)
  return true
}

/** The pictures of a data set of shapes under the groups' names. */
function grouped(dataset: Dataset): Dataset {
  const classes = Object.keys(groups)
  const groupOf = dataset.classes.map((name) =>
    classes.findIndex((group) => groups[group]!.includes(name)),
  )
  return {
    ...dataset,
    classes,
    label: (index) => groupOf[dataset.label(index)]!,
  }
}

/** `base`, or the first of base-2, base-3, … that is not there yet. */
async function freeFolder(base: string): Promise<string> {
  for (let number = 1; ; number++) {
    const path = number === 1 ? base : `${base}-${number}`
    const taken = await stat(path).catch(() => undefined)
    if (!taken) return path
  }
}

/** Means of equal stretches of a series: at most `count` of them. */
function averages(values: readonly number[], count: number): number[] {
  const points = Math.min(count, values.length)
  return Array.from({ length: points }, (_, point) => {
    const stretch = values.slice(
      Math.floor((point * values.length) / points),
      Math.floor(((point + 1) * values.length) / points),
    )
    return stretch.reduce((sum, value) => sum + value, 0) / stretch.length
  })
}

/** The picture, where the terminal has colours, beside its likeliest classes. */
function show(result: Classified, picture: Picture): void {
  const text = formatResult(result)
  if (!(process.stdout.isTTY && pc.isColorSupported)) {
    print(...text)
    return
  }
  const lines = halfBlocks(picture, 16)
  for (const [row, line] of lines.entries()) print(`${line}  ${text[row - 2] ?? ''}`)
}
