// alexnet train: from labelled pictures to a model file. Everything that decides the numbers is resolved
// first and kept in the run folder; --resume reads it back and goes on from the last checkpoint, bit for
// bit as if the run had never stopped.

import { readFileSync } from 'node:fs'
import { createAlexNet } from '@alexnet/core'
import { createWorkerPool } from '@alexnet/data'
import { alone, type Communicator } from '@alexnet/distributed'
import {
  createTrainer,
  fitRecipe,
  prepareRecipe,
  type TrainEvent,
  type Trainer,
  TrainingError,
} from '@alexnet/train'
import * as tf from '@tensorflow/tfjs'
import { startBackend } from '../backend.ts'
import { saveModel } from '../model.ts'
import { SkippedPictures, warn } from '../pictures.ts'
import { fromFirst, requireSame, withRanks } from '../ranks.ts'
import { exitCodes, UsageError } from '../terminal/errors.ts'
import { interruptible } from '../terminal/interrupt.ts'
import { dim, printJson, tell } from '../terminal/print.ts'
import { type Progress, progress } from '../terminal/progress.ts'
import type { TrainOptions } from '../train/options.ts'
import {
  describeRanks,
  joinedTrainer,
  requireShareable,
  TrafficCounter,
} from '../train/ranked-training.ts'
import { resumedSettings } from '../train/resumed-settings.ts'
import { RunFolder } from '../train/run-folder.ts'
import type { RunSettings } from '../train/run-settings.ts'
import { newSettings, variantNamed } from '../train/settings.ts'
import { type StartingWeights, startingWeights } from '../train/starting-weights.ts'
import { openTrainingData, type TrainingData } from '../train/training-data.ts'
import { TrainingLog } from '../train/training-log.ts'
import { announce, conclude, epochHeader, epochLine } from '../train/training-report.ts'

/** Runs the command; sets the exit code to 130 when Ctrl-C stopped it. */
export async function train(path: string, options: TrainOptions): Promise<void> {
  const folder = new RunFolder(options.out)
  const finished = await withRanks(options, (communicator, own) =>
    runTraining(path, own, folder, undefined, communicator),
  )
  if (!finished) process.exitCode ||= exitCodes.interrupted
}

/**
 * @param onEvent told of each event; the run goes on when its promise, if it gives one, is fulfilled
 * @param communicator the processes that train together; only rank 0 touches the folder
 * @returns false when it was interrupted, and has saved what it had
 */
export async function runTraining(
  path: string,
  options: TrainOptions,
  folder: RunFolder,
  onEvent: (event: TrainEvent) => void | Promise<void> = () => {},
  communicator: Communicator = alone(),
): Promise<boolean> {
  if (options.variant !== undefined) variantNamed(options.variant)
  const release = communicator.rank === 0 ? await folder.hold() : undefined
  try {
    return await trainIn(folder, path, options, onEvent, communicator)
  } finally {
    await release?.()
  }
}

async function trainIn(
  folder: RunFolder,
  path: string,
  options: TrainOptions,
  onEvent: (event: TrainEvent) => void | Promise<void>,
  communicator: Communicator,
): Promise<boolean> {
  const isFirst = communicator.rank === 0
  const stored = await fromFirst(communicator, () => storedSettings(folder, options))
  const quiet = options.json ?? false
  const data = await openTrainingData(path, options, stored)
  const programs = programVersions()
  await requireSame(communicator, options, {
    'its programs': JSON.stringify(programs),
    'its data set': data.fingerprint,
  })
  const backend = await startBackend(options)
  let start: StartingWeights | undefined
  const settings = await fromFirst(communicator, async () => {
    const versions = { ...programs, backend: backend.name, build: backend.features.join(', ') }
    const settled = await settle(path, options, data, stored, folder, versions)
    start = settled.start
    return settled.settings
  })
  const { recipe } = settings
  requireShareable(settings, communicator)
  const model = createAlexNet(settings.model)
  let trainer = createTrainer(model, recipe)
  if (isFirst) await begin(trainer, folder, options, settings, start)
  if (!quiet) announce(settings, data, trainer.step)
  if (communicator.size > 1) {
    const pictures = data.training.length
    const joined = await joinedTrainer(trainer, communicator, settings, pictures, options)
    trainer = joined.trainer
    if (!quiet) tell(describeRanks(model, communicator, joined.parallel, recipe.batchSize))
  }

  const skipped = new SkippedPictures((picture, problem) => {
    if (quiet) printJson({ type: 'skipped', path: picture, problem })
  })
  const stop = interruptible(`stopped after a step of the run in ${folder.path}`)
  stop.signal.addEventListener('abort', () => {
    if (!quiet) tell('', 'stopping after this step and saving (again to stop at once)')
  })
  // Kept from epoch to epoch.
  const workers = options.workers ? createWorkerPool(options.workers) : 0
  const events = fitRecipe(trainer, recipe, {
    dataset: data.training,
    validation: data.validation,
    seed: settings.seed,
    preparation: settings,
    workers,
    microBatch: settings.microBatch ?? undefined,
    onBroken: settings.onBroken,
    onSkipped: (error) => skipped.add(error),
    checkpointEvery: options.checkpointEvery ?? 100,
    signal: stop.signal,
  })
  let shown: Progress | undefined
  let finished = false
  const traffic = new TrafficCounter(communicator)
  try {
    // Only now, with data, model and checkpoint known to fit, does the folder come into being.
    if (isFirst) await folder.saveSettings(settings)
    const log = isFirst
      ? await TrainingLog.open(folder, trainer.step, data.training.classes)
      : undefined
    for await (const event of events) {
      await log?.add(event)
      if (event.type === 'step') {
        traffic.count()
        shown ??= progress('training', event.steps, { quiet })
        shown.update(event.step, `loss ${event.loss.toFixed(3)}`)
      } else if (event.type === 'epoch') {
        if (event.epoch === 1) shown?.log(dim(epochHeader()))
        shown?.log(epochLine(event))
      } else if (event.type === 'checkpoint') {
        // By all ranks: each may have columns that no other has.
        const packed = await trainer.checkpoint()
        if (!isFirst) continue
        if (event.best) await trainer.withAveragedWeights(() => saveBest(folder, model, settings))
        const { step } = event
        await folder.saveCheckpoint(packed, settings, { step, keep: options.keep ?? 2 })
      } else {
        finished = true
      }
      await onEvent(event)
      if (quiet) printJson({ ...eventForJson(event, folder.path), ...traffic.of(event) })
    }
  } catch (error) {
    if (!(error instanceof TrainingError)) throw error
    const last = await folder.lastCheckpoint()
    const where = last
      ? `the last good checkpoint is ${last}: name it with --from, and another --out`
      : 'none has been saved yet'
    throw new TrainingError(`${error.message} (${where})`, { cause: error })
  } finally {
    shown?.stop()
    stop.release()
    if (workers) await workers.close()
    trainer.dispose()
    model.dispose()
  }
  if (!isFirst) return finished
  if (finished && options.report !== false) {
    const { writeReport } = await import('../train/report/report.ts')
    await writeReport(folder, settings, trainer.history, data.validation, { quiet })
  }
  if (!quiet) {
    skipped.report()
    traffic.report()
    conclude(finished, trainer, folder, path)
  }
  return finished
}

/** The settings of the run that is to go on. @throws UsageError where there is a run and it is not to */
async function storedSettings(
  folder: RunFolder,
  { resume }: TrainOptions,
): Promise<RunSettings | undefined> {
  if (resume) return folder.readSettings()
  if (!(await folder.holdsRun())) return undefined
  throw new UsageError(
    `${folder.path} already holds a run: go on with it by --resume, or name another folder with --out`,
  )
}

/** Puts model and trainer to where the run begins: its last checkpoint, or the weights that it was given. */
async function begin(
  trainer: Trainer,
  folder: RunFolder,
  { resume, json: quiet = false }: TrainOptions,
  settings: RunSettings,
  start: StartingWeights | undefined,
): Promise<void> {
  const checkpoint = resume ? await folder.readCheckpoint(settings, warn) : undefined
  if (resume && !checkpoint) {
    warn(`${folder.path} has no checkpoint: the run begins again from its first step`)
  }
  if (checkpoint) trainer.restore(checkpoint)
  // A run that was stopped before its first checkpoint begins again with what it was given.
  else await (start ?? (await fromOf(settings, quiet)))?.copyTo(trainer.model, settings.labels)
  // Checkpoints hold the last weights, which need not be the best ones.
  if (trainer.history.length > 0 && !(await folder.holdsModel())) {
    throw new UsageError(
      `${folder.modelPath}, the best model so far, is gone: put it back, or start anew in another --out`,
    )
  }
}

/** The settings of the run, new or resumed, and the weights that a new one begins with. */
async function settle(
  path: string,
  options: TrainOptions,
  data: TrainingData,
  stored: RunSettings | undefined,
  folder: RunFolder,
  versions: Record<string, string>,
): Promise<{ settings: RunSettings; start?: StartingWeights }> {
  if (stored) {
    return { settings: resumedSettings(stored, options, data.fingerprint, folder.path) }
  }
  const start =
    options.from === undefined
      ? undefined
      : await startingWeights(options.from, {
          quiet: options.json ?? false,
          variant: options.variant,
        })
  const settings = newSettings(path, options, data, data.picture, {
    versions,
    ...(start && { start }),
  })
  const { recipe, model } = settings
  const preparation = await measured(options.json ?? false, (onProgress) =>
    prepareRecipe(recipe, data.training, {
      inputSize: model.inputSize,
      like: start?.preprocessing,
      onBroken: settings.onBroken,
      onProgress,
    }),
  )
  Object.assign(settings, preparation)
  return { settings, ...(start && { start }) }
}

/** What is read of the training pictures, its progress shown. */
async function measured<T>(
  quiet: boolean,
  read: (onProgress: (what: string, done: number, total: number) => void) => Promise<T>,
): Promise<T> {
  let shown: { what: string; bar: Progress } | undefined
  try {
    return await read((what, done, total) => {
      if (shown?.what !== what) {
        shown?.bar.stop()
        shown = { what, bar: progress(`measuring ${what}`, total, { quiet }) }
      }
      shown.bar.update(done)
    })
  } finally {
    shown?.bar.stop()
  }
}

const fromOf = async ({ from, recipe }: RunSettings, quiet: boolean) =>
  from === null ? undefined : startingWeights(from, { variant: recipe.variant, quiet })

function programVersions(): Record<string, string> {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(manifest) as { version: string }
  return { alexnet: version, node: process.version, tensorflow: tf.version.tfjs }
}

const saveBest = (folder: RunFolder, model: tf.LayersModel, settings: RunSettings) =>
  saveModel(folder.modelPath, model, {
    options: settings.model,
    labels: settings.labels,
    preprocessing: settings.preprocessing,
  })

/** An event as a JSON line; a checkpoint says where it lies. */
function eventForJson(event: TrainEvent, folder: string) {
  return event.type === 'checkpoint' ? { ...event, folder } : event
}
