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
import { alone, type Communicator } from '@alexnet/distributed'
import {
  createOptimizer,
  scheduleOf,
  type TrainEvent,
  Trainer,
  TrainingError,
} from '@alexnet/train'
import * as tf from '@tensorflow/tfjs'
import pc from 'picocolors'
import { startBackend } from '../backend.ts'
import { saveModel } from '../model-file.ts'
import { evaluationBatches, needsColorPca } from '../preparation.ts'
import { fromFirst, requireSame, withRanks } from '../ranks.ts'
import { exitCodes, UsageError } from '../terminal/errors.ts'
import { type Progress, progress } from '../terminal/progress.ts'
import {
  batchesOf,
  describeRanks,
  joinedTrainer,
  shareOf,
  TrafficCounter,
} from '../train/ranked-training.ts'
import { resumedSettings } from '../train/resumed-settings.ts'
import { RunFolder } from '../train/run-folder.ts'
import {
  newSettings,
  type RunSettings,
  type TrainOptions,
  variantNamed,
} from '../train/settings.ts'
import { type StartingWeights, startingWeights } from '../train/starting-weights.ts'
import { openTrainingData, type TrainingData, trainingBatches } from '../train/training-data.ts'
import { TrainingLog } from '../train/training-log.ts'
import { announce, conclude, epochHeader, epochLine } from '../train/training-report.ts'

/** Runs the command; sets the exit code to 130 when Ctrl-C stopped it. */
export async function train(path: string, options: TrainOptions): Promise<void> {
  const folder = new RunFolder(options.out)
  const finished = await withRanks(options, (communicator, own) =>
    runTraining(path, own, folder, undefined, communicator),
  )
  if (!finished) process.exitCode = exitCodes.interrupted
}

/**
 * @param onEvent told of each event; the run goes on when its promise, if it gives one, is fulfilled
 * @param communicator the processes that train together; rank 0 reads and writes the folder
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
  const isFirst = communicator.rank === 0
  const stored = await fromFirst(communicator, () => storedSettings(options, folder))
  const json = isFirst && (options.json ?? false)
  const quiet = json || !isFirst
  const data = await openTrainingData(path, options, stored)
  const facts = {
    'its data set': data.fingerprint,
    'its programs': JSON.stringify(programVersions()),
  }
  await requireSame(communicator, facts, options)
  const backend = await startBackend(options)
  let start: StartingWeights | undefined
  const settings = await fromFirst(communicator, async () => {
    const settled = await settle(path, options, data, stored, folder, backend.name)
    start = settled.start
    return settled.settings
  })
  const { recipe } = settings
  const model = createAlexNet(settings.model)
  let trainer = new Trainer({
    model,
    optimizer: createOptimizer(recipe),
    averageDecay: recipe.averageDecay,
  })
  const warn = (text: string) => process.stderr.write(`${pc.yellow('warning:')} ${text}\n`)
  const checkpoint = options.resume && isFirst ? await folder.readCheckpoint(warn) : undefined
  if (checkpoint) trainer.restore(checkpoint)
  // A run that was stopped before its first checkpoint begins again with what it was given.
  else if (isFirst) await (start ?? (await fromOf(settings, quiet)))?.copyTo(model)
  if (!quiet) announce(settings, data, trainer.step)
  if (communicator.size > 1) {
    const pictures = data.training.length
    const joined = await joinedTrainer(trainer, communicator, settings, pictures, options)
    trainer = joined.trainer
    const line = describeRanks(trainer, communicator, joined.parallel, recipe.batchSize)
    if (!quiet) process.stderr.write(`${line}\n`)
  }

  const stop = interruptible(quiet)
  // Kept from epoch to epoch.
  const workers = options.workers ? createWorkerPool(options.workers) : 0
  const events = trainer.fit({
    epochs: recipe.epochs,
    batches: (position) =>
      trainingBatches(data.training, settings, { ...position, ...shareOf(communicator), workers }),
    ...(data.validation && {
      validation: () =>
        evaluationBatches(
          data.validation!,
          settings.preprocessing,
          recipe.batchSize,
          batchesOf(communicator, data.validation!.length, recipe.batchSize),
        ),
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
    if (isFirst) await folder.saveSettings(settings)
    const log = isFirst ? await TrainingLog.open(folder, trainer.step) : undefined
    const traffic = new TrafficCounter(communicator)
    for await (const event of events) {
      await log?.add(event)
      if (event.type === 'step') {
        shown ??= progress('training', event.steps, { quiet })
        shown.update(event.step, `loss ${event.loss.toFixed(3)}`)
      } else if (event.type === 'epoch') {
        if (event.epoch === 1) shown?.log(pc.dim(epochHeader()))
        shown?.log(epochLine(event))
      } else if (event.type === 'checkpoint') {
        // All ranks pack: each may have columns that no other has.
        const packed = await trainer.checkpoint()
        if (!isFirst) continue
        if (event.best) await trainer.withAveragedWeights(() => saveBest(folder, model, settings))
        await folder.saveCheckpoint(packed, event.step, options.keep ?? 2)
      } else {
        finished = true
      }
      await onEvent(event)
      const counted = event.type === 'step' ? traffic.next() : {}
      if (json) {
        process.stdout.write(
          `${JSON.stringify({ ...eventForJson(event, folder.path), ...counted })}\n`,
        )
      }
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
  if (!isFirst) return finished
  if (finished && options.report !== false) {
    const { writeReport } = await import('../train/report/report.ts')
    await writeReport(folder, settings, data.validation, { quiet })
  }
  if (!quiet) conclude(finished, trainer, folder, path)
  return finished
}

/** The settings of the run in the folder, where one is to go on. @throws UsageError where there is one and it is not */
async function storedSettings(
  options: TrainOptions,
  folder: RunFolder,
): Promise<RunSettings | undefined> {
  if (options.resume) return folder.readSettings()
  if (!(await folder.holdsRun())) return undefined
  throw new UsageError(
    `${folder.path} already holds a run: go on with it by --resume, or name another folder with --out`,
  )
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

/** The first Ctrl-C asks the run to stop after the step under way, the second ends it at once. */
function interruptible(quiet: boolean) {
  const controller = new AbortController()
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted)
    controller.abort()
    if (!quiet)
      process.stderr.write('\nstopping after this step and saving (again to stop at once)\n')
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    signal: controller.signal,
    release() {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}

/** An event as a JSON line; a checkpoint says where it lies. */
function eventForJson(event: TrainEvent, folder: string) {
  return event.type === 'checkpoint' ? { ...event, folder } : event
}
