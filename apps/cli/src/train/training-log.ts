// What a run leaves to be read by programs: log.jsonl, a line an epoch and a line every few steps, and
// TensorBoard's event files. Both are added to while the run goes on; when it is resumed, what lies
// behind the checkpoint is cut off, so that they tell the story of one run.

import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { encodePng } from '@alexnet/data'
import { classAccuracies, type EpochEvent, type StepEvent, type TrainEvent } from '@alexnet/train'
import { makeFolder, replaceFile } from '@alexnet/weights/node'
import { confusionPicture } from './confusion-picture.ts'
import type { RunFolder } from './run-folder.ts'
import { encodeEvents, type TensorBoardEvent, type TensorBoardImage } from './tensorboard.ts'

/** One line of log.jsonl. */
export type LogLine = { type?: 'step' | 'epoch'; step: number } & Record<string, unknown>

/** Up to so many lines of steps an epoch. */
const LINES = 100
/** More classes than this and their confusion is left out of the log: it grows with their square. */
const MOST_CLASSES = 100

export class TrainingLog {
  readonly #folder: RunFolder
  readonly #events: string
  readonly #classes: readonly string[]

  private constructor(folder: RunFolder, events: string, classes: readonly string[]) {
    this.#folder = folder
    this.#events = events
    this.#classes = classes
  }

  /** Opens the log of a run that has done `step` steps. @param classes their names, by which TensorBoard shows them */
  static async open(
    folder: RunFolder,
    step: number,
    classes: readonly string[],
  ): Promise<TrainingLog> {
    const lines = step > 0 ? await readLog(folder) : []
    const kept = lines.filter((line) => line.step <= step)
    const text = kept.map((line) => `${JSON.stringify(line)}\n`).join('')
    await replaceFile(folder.logPath, [new TextEncoder().encode(text)])
    const time = Date.now() / 1000
    await makeFolder(folder.boardPath)
    const name = `events.out.tfevents.${time.toFixed(3)}.${hostname()}.${process.pid}`
    const log = new TrainingLog(folder, join(folder.boardPath, name), classes)
    const first = { kind: 'version', time, step } as const
    // What TensorBoard has of later steps it is to forget: they are done again.
    const start = { kind: 'start', time, step: step + 1 } as const
    await writeFile(log.#events, encodeEvents(step > 0 ? [first, start] : [first]))
    return log
  }

  /** Adds what an event tells. */
  async add(event: TrainEvent): Promise<void> {
    if (event.type === 'step') {
      const every = Math.max(1, Math.floor(event.batches / LINES))
      if (event.step % every === 0) await this.#write(stepLine(event), stepScalars(event))
    } else if (event.type === 'epoch') {
      await this.#write(
        epochLine(event),
        epochScalars(event, this.#classes),
        await epochImages(event),
      )
    }
  }

  async #write(
    line: LogLine,
    scalars: Record<string, number>,
    images: Record<string, TensorBoardImage> = {},
  ): Promise<void> {
    const record: TensorBoardEvent = { time: Date.now() / 1000, step: line.step, scalars, images }
    await appendFile(this.#folder.logPath, `${JSON.stringify(line)}\n`)
    await appendFile(this.#events, encodeEvents([record]))
  }
}

/** The lines of a run's log; one that was cut off by a crash is left out. */
export async function readLog(folder: RunFolder): Promise<LogLine[]> {
  const text = await readFile(folder.logPath, 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => {
    try {
      const record = JSON.parse(line) as LogLine
      return Number.isInteger(record.step) ? [{ ...record, type: record.type ?? 'epoch' }] : []
    } catch {
      return []
    }
  })
}

const memory = () => process.memoryUsage().rss

function stepLine({ type, step, epoch, ...event }: StepEvent): LogLine {
  const { loss, top1, learningRate, gradientNorm, pictures, seconds } = event
  return {
    type,
    step,
    epoch,
    loss,
    top1,
    learningRate,
    gradientNorm,
    picturesPerSecond: pictures / seconds,
  }
}

function epochLine({ validation, ...event }: EpochEvent): LogLine {
  const { confusion, mistakes: _, ...metrics } = validation ?? {}
  return {
    ...event,
    ...(confusion && {
      validation: {
        ...metrics,
        classes: classAccuracies(confusion),
        ...(confusion.classes <= MOST_CLASSES && { confusion }),
      },
    }),
    picturesPerSecond: event.train.pictures / event.seconds,
    memory: memory(),
  }
}

function stepScalars(event: StepEvent): Record<string, number> {
  return {
    'step/loss': event.loss,
    'step/top1': event.top1,
    'step/learning rate': event.learningRate,
    'step/pictures per second': event.pictures / event.seconds,
    ...(event.gradientNorm !== undefined && { 'step/gradient norm': event.gradientNorm }),
  }
}

function epochScalars(
  { train, validation, ...event }: EpochEvent,
  classes: readonly string[],
): Record<string, number> {
  const scalars: Record<string, number> = {}
  for (const [part, metrics] of Object.entries({ train, validation })) {
    if (!metrics) continue
    for (const name of ['loss', 'top1', 'top5'] as const) {
      scalars[`${part}/${name}`] = metrics[name]
    }
  }
  const accuracies = validation ? classAccuracies(validation.confusion) : []
  for (const [index, accuracy] of accuracies.slice(0, MOST_CLASSES).entries()) {
    if (accuracy !== null) scalars[`class/${classes[index] ?? index}`] = accuracy
  }
  scalars['epoch/pictures per second'] = train.pictures / event.seconds
  scalars['epoch/memory in bytes'] = memory()
  return scalars
}

async function epochImages({ validation }: EpochEvent): Promise<Record<string, TensorBoardImage>> {
  if (!validation || validation.confusion.classes > MOST_CLASSES) return {}
  const picture = confusionPicture(validation.confusion.rows())
  const { width, height } = picture
  return { 'validation/confusion': { width, height, png: await encodePng(picture) } }
}
