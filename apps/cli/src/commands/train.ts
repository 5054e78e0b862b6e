// alexnet train: from labelled pictures to a model file. Everything that decides the numbers is resolved
// first and kept in the run folder; --resume reads it back and goes on from the last checkpoint, bit for
// bit as if the run had never stopped.

import { readFileSync } from 'node:fs'
import { createAlexNet } from '@alexnet/core'
import {
  createWorkerPool,
  fitColorPca,
  meanPicture,
  packMeanPicture,
  type StatisticsOptions,
} from '@alexnet/data'
import {
  createOptimizer,
  scheduleOf,
  type TrainEvent,
  Trainer,
  TrainingError,
} from '@alexnet/train'
import * as tf from '@tensorflow/tfjs'
import { startBackend } from '../backend.ts'
import { saveModel } from '../model-file.ts'
import { evaluationBatches, needsColorPca } from '../preparation.ts'
import { exitCodes, UsageError } from '../terminal/errors.ts'
import { interruptible } from '../terminal/interrupt.ts'
import { dim, printJson, tell, yellow } from '../terminal/print.ts'
import { type Progress, progress } from '../terminal/progress.ts'
import type { TrainOptions } from '../train/options.ts'
import { resumedSettings } from '../train/resumed-settings.ts'
import { RunFolder } from '../train/run-folder.ts'
import type { RunSettings } from '../train/run-settings.ts'
import { newSettings, variantNamed } from '../train/settings.ts'
import { type StartingWeights, startingWeights } from '../train/starting-weights.ts'
import { openTrainingData, type TrainingData, trainingBatches } from '../train/training-data.ts'
import { TrainingLog } from '../train/training-log.ts'
import { announce, conclude, epochHeader, epochLine } from '../train/training-report.ts'

/** Runs the command; sets the exit code to 130 when Ctrl-C stopped it. */
export async function train(path: string, options: TrainOptions): Promise<void> {
  const folder = new RunFolder(options.out)
  const finished = await runTraining(path, options, folder)
  if (!finished) process.exitCode ||= exitCodes.interrupted
}

/**
 * @param onEvent told of each event; the run goes on when its promise, if it gives one, is fulfilled
 * @returns false when it was interrupted, and has saved what it had
 */
export async function runTraining(
  path: string,
  options: TrainOptions,
  folder: RunFolder,
  onEvent: (event: TrainEvent) => void | Promise<void> = () => {},
): Promise<boolean> {
  if (options.variant !== undefined) variantNamed(options.variant)
  const release = await folder.hold()
  try {
    return await trainIn(folder, path, options, onEvent)
  } finally {
    await release()
  }
}

async function trainIn(
  folder: RunFolder,
  path: string,
  options: TrainOptions,
  onEvent: (event: TrainEvent) => void | Promise<void>,
): Promise<boolean> {
  const stored = options.resume ? await folder.readSettings() : undefined
  if (!options.resume && (await folder.holdsRun())) {
    throw new UsageError(
      `${folder.path} already holds a run: go on with it by --resume, or name another folder with --out`,
    )
  }
  const quiet = options.json ?? false
  const data = await openTrainingData(path, options, stored)
  const backend = await startBackend(options)
  const { settings, start } = await settle(path, options, data, stored, folder, backend.name)
  const { recipe } = settings
  const model = createAlexNet(settings.model)
  const trainer = new Trainer({
    model,
    optimizer: createOptimizer(recipe),
    averageDecay: recipe.averageDecay,
  })
  const warn = (text: string) => tell(`${yellow('warning:')} ${text}`)
  const checkpoint = options.resume ? await folder.readCheckpoint(settings, warn) : undefined
  if (options.resume && !checkpoint) {
    warn(`${folder.path} has no checkpoint: the run begins again from its first step`)
  }
  if (checkpoint) trainer.restore(checkpoint)
  // A run that was stopped before its first checkpoint begins again with what it was given.
  else await (start ?? (await fromOf(settings, quiet)))?.copyTo(model)
  // Checkpoints hold the last weights, which need not be the best ones.
  if (trainer.history.length > 0 && !(await folder.holdsModel())) {
    throw new UsageError(
      `${folder.modelPath}, the best model so far, is gone: put it back, or start anew in another --out`,
    )
  }
  if (!quiet) announce(settings, data, trainer.step)

  const stop = interruptible(`stopped after a step of the run in ${folder.path}`)
  stop.signal.addEventListener('abort', () => {
    if (!quiet) tell('', 'stopping after this step and saving (again to stop at once)')
  })
  // Kept from epoch to epoch.
  const workers = options.workers ? createWorkerPool(options.workers) : 0
  const events = trainer.fit({
    epochs: recipe.epochs,
    batches: (position) => trainingBatches(data.training, settings, { ...position, workers }),
    ...(data.validation && {
      validation: () =>
        evaluationBatches(data.validation!, settings.preprocessing, recipe.batchSize),
    }),
    schedule: scheduleOf(recipe),
    labelSmoothing: recipe.labelSmoothing ?? 0,
    headEpochs: recipe.headEpochs ?? 0,
    clipNorm: recipe.clipNorm,
    earlyStop: recipe.earlyStop,
    ...(settings.microBatch !== null && { microBatch: settings.microBatch }),
    checkpointEvery: options.checkpointEvery ?? 100,
    signal: stop.signal,
  })
  let shown: Progress | undefined
  let finished = false
  try {
    // Only now, with data, model and checkpoint known to fit, does the folder come into being.
    await folder.saveSettings(settings)
    const log = await TrainingLog.open(folder, trainer.step)
    for await (const event of events) {
      await log.add(event)
      if (event.type === 'step') {
        shown ??= progress('training', event.steps, { quiet })
        shown.update(event.step, `loss ${event.loss.toFixed(3)}`)
      } else if (event.type === 'epoch') {
        if (event.epoch === 1) shown?.log(dim(epochHeader()))
        shown?.log(epochLine(event))
      } else if (event.type === 'checkpoint') {
        const packed = await trainer.checkpoint()
        if (event.best) await trainer.withAveragedWeights(() => saveBest(folder, model, settings))
        const { step } = event
        await folder.saveCheckpoint(packed, settings, { step, keep: options.keep ?? 2 })
      } else {
        finished = true
      }
      await onEvent(event)
      if (quiet) printJson(eventForJson(event, folder.path))
    }
  } catch (error) {
    if (!(error instanceof TrainingError)) throw error
    const last = await folder.lastCheckpoint()
    const where = last ? `the last good checkpoint is ${last}` : 'none has been saved yet'
    throw new TrainingError(`${error.message} (${where})`, { cause: error })
  } finally {
    shown?.stop()
    stop.release()
    if (workers) await workers.close()
    trainer.dispose()
    model.dispose()
  }
  if (finished && options.report !== false) {
    const { writeReport } = await import('../train/report/report.ts')
    await writeReport(folder, settings, trainer.history, data.validation, { quiet })
  }
  if (!quiet) conclude(finished, trainer, folder, path)
  return finished
}

/** The settings of the run, new or resumed, and the weights that a new one begins with. */
async function settle(
  path: string,
  options: TrainOptions,
  data: TrainingData,
  stored: RunSettings | undefined,
  folder: RunFolder,
  backend: string,
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
  const versions = { ...programVersions(), backend }
  const settings = newSettings(path, options, data, await data.training.load(0), {
    versions,
    ...(start && { start }),
  })
  const quiet = options.json ?? false
  if (needsColorPca(settings.recipe.augmentation)) {
    settings.colorPca = await measured('measuring colours', quiet, (watched) =>
      fitColorPca(data.training, watched),
    )
  }
  // Weights to begin with bring the mean that they were trained with.
  if (settings.recipe.meanPicture && !start) {
    const { preprocessing } = settings
    const mean = await measured('measuring the mean picture', quiet, (watched) =>
      meanPicture(data.training, { ...watched, size: preprocessing.resize }),
    )
    settings.preprocessing = { ...preprocessing, meanPicture: packMeanPicture(mean) }
  }
  return { settings, ...(start && { start }) }
}

/** Pictures that are read to know what all are like: more do not change the answer. */
const MOST_MEASURED = 50_000

/** What a reading of the training pictures gives, its progress shown. */
async function measured<T>(
  what: string,
  quiet: boolean,
  read: (options: StatisticsOptions) => Promise<T>,
): Promise<T> {
  let shown: Progress | undefined
  try {
    return await read({
      limit: MOST_MEASURED,
      onProgress: (done, total) => {
        shown ??= progress(what, total, { quiet })
        shown.update(done)
      },
    })
  } finally {
    shown?.stop()
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
