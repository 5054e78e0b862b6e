// alexnet train: from labelled pictures to a model file. Everything that decides the numbers is resolved
// first and kept in the run folder; --resume reads it back and goes on from the last checkpoint, bit for
// bit as if the run had never stopped.

import { createAlexNet, getArchitecture } from '@alexnet/core'
import { type Dataset, loader, openDataset, split, torchvisionEval } from '@alexnet/data'
import { type EpochEvent, Sgd, type TrainEvent, Trainer } from '@alexnet/train'
import pc from 'picocolors'
import { startBackend } from '../backend.ts'
import { exitCodes, UsageError } from '../errors.ts'
import { duration, percent } from '../format.ts'
import { saveModel } from '../model-file.ts'
import { type Progress, progress } from '../progress.ts'
import { RunFolder } from '../run-folder.ts'
import {
  createSchedule,
  defaultRecipe,
  presetFor,
  type RunSettings,
  type ScheduleName,
  variantFor,
  variantNamed,
} from '../settings.ts'

export interface TrainOptions {
  variant?: string
  epochs?: number
  batchSize?: number
  learningRate?: number
  schedule?: ScheduleName
  momentum?: number
  weightDecay?: number
  labelSmoothing?: number
  dropout?: number
  inputSize?: number
  augment?: boolean
  validation?: number
  limit?: number
  seed?: number
  out: string
  resume?: boolean
  checkpointEvery?: number
  threads?: number
  json?: boolean
}

/** Runs the command; sets the exit code to 130 when Ctrl-C stopped it. */
export async function train(path: string, options: TrainOptions): Promise<void> {
  const folder = new RunFolder(options.out)
  const finished = await runTraining(path, options, folder)
  if (!finished) process.exitCode = exitCodes.interrupted
}

/** @returns false when it was interrupted, and has saved what it had */
export async function runTraining(
  path: string,
  options: TrainOptions,
  folder: RunFolder,
  onEvent: (event: TrainEvent) => void = () => {},
): Promise<boolean> {
  if (options.variant !== undefined) variantNamed(options.variant)
  const stored = options.resume ? await folder.readSettings() : undefined
  if (!options.resume && (await folder.holdsRun())) {
    throw new UsageError(
      `${folder.path} already holds a run: go on with it by --resume, or name another folder with --out`,
    )
  }
  const data = await openTrainingData(path, options, stored)
  const settings = stored
    ? resumedSettings(stored, options, data.fingerprint, folder.path)
    : await newSettings(path, options, data)

  const quiet = options.json ?? false
  await startBackend(options)
  const model = createAlexNet(settings.model)
  const optimizer = new Sgd(settings)
  const trainer = new Trainer({ model, optimizer })
  if (options.resume && (await folder.hasCheckpoint())) {
    trainer.restore(await folder.readCheckpoint())
  }
  if (!quiet) announce(settings, data, trainer.step)

  const preset = presetFor(settings.model.variant!, settings.preprocessing.crop, settings.augment)
  const stop = interruptible(quiet)
  const events = trainer.fit({
    epochs: settings.epochs,
    batches: ({ epoch, start }) =>
      loader({
        dataset: data.training,
        ...preset,
        batchSize: settings.batchSize,
        shuffle: true,
        seed: settings.seed,
        epoch,
        start,
      }),
    ...(data.validation && {
      validation: () =>
        loader({
          dataset: data.validation!,
          ...torchvisionEval(settings.preprocessing),
          batchSize: settings.batchSize,
          shuffle: false,
        }),
    }),
    schedule: createSchedule(settings.schedule, settings.learningRate),
    labelSmoothing: settings.labelSmoothing,
    checkpointEvery: options.checkpointEvery ?? 100,
    signal: stop.signal,
  })
  let shown: Progress | undefined
  try {
    // Only now, with data, model and checkpoint known to fit, does the folder come into being.
    await folder.saveSettings(settings)
    for await (const event of events) {
      if (event.type === 'step') {
        shown ??= progress('training', event.steps, { quiet })
        shown.update(event.step, `loss ${event.loss.toFixed(3)}`)
      } else if (event.type === 'epoch') {
        if (event.epoch === 1) shown?.log(pc.dim(epochHeader(event)))
        shown?.log(epochLine(event))
      } else {
        if (event.best) {
          await saveModel(folder.modelPath, model, {
            options: settings.model,
            labels: settings.labels,
            preprocessing: settings.preprocessing,
          })
        }
        await folder.saveLog(trainer.history)
        await folder.saveCheckpoint(await trainer.checkpoint())
      }
      onEvent(event)
      if (quiet) process.stdout.write(`${JSON.stringify(eventForJson(event, folder.path))}\n`)
    }
  } finally {
    shown?.stop()
    stop.release()
    optimizer.dispose()
    model.dispose()
  }
  const finished = trainer.history.length >= settings.epochs
  if (!quiet) conclude(finished, trainer, folder, path)
  return finished
}

interface TrainingData {
  training: Dataset
  validation: Dataset | undefined
  fingerprint: string
}

/** The training and validation sets: the data set's own test part where it has one, else a split. */
async function openTrainingData(
  path: string,
  options: TrainOptions,
  stored: RunSettings | undefined,
): Promise<TrainingData> {
  const limit = stored ? stored.limit : (options.limit ?? null)
  const seed = stored?.seed ?? options.seed ?? 0
  const share = stored?.validation ?? options.validation
  const whole = await openDataset(path, { split: 'train' })
  const fingerprint = await whole.fingerprint()
  let [training, validation]: (Dataset | undefined)[] = [whole]
  if (share !== 0) {
    validation = whole.split === 'train' ? await openDataset(path, { split: 'test' }) : undefined
    if (!validation) [training, validation] = split(whole, [1 - (share ?? 0.1), share ?? 0.1], seed)
  }
  if (limit !== null && limit < training!.length) {
    training = split(training!, [limit / training!.length, 1 - limit / training!.length], seed)[0]
  }
  return { training: training!, validation, fingerprint }
}

async function newSettings(
  path: string,
  options: TrainOptions,
  { training, fingerprint }: TrainingData,
): Promise<RunSettings> {
  const variant = options.variant
    ? variantNamed(options.variant)
    : variantFor(await training.load(0))
  const architecture = getArchitecture(variant)
  const inputSize = options.inputSize ?? architecture.inputSize
  const recipe = defaultRecipe(variant)
  const seed = options.seed ?? 0
  return {
    dataset: path,
    fingerprint,
    model: {
      variant,
      classes: training.classes.length,
      inputSize,
      seed,
      ...(options.dropout !== undefined && { dropout: options.dropout }),
    },
    labels: [...training.classes],
    preprocessing: presetFor(variant, inputSize, false).preprocessing,
    augment: options.augment ?? true,
    validation: options.validation ?? 0.1,
    limit: options.limit ?? null,
    epochs: options.epochs ?? 10,
    batchSize: options.batchSize ?? recipe.batchSize,
    learningRate: options.learningRate ?? recipe.learningRate,
    schedule: options.schedule ?? recipe.schedule,
    momentum: options.momentum ?? 0.9,
    nesterov: recipe.nesterov && options.momentum !== 0,
    weightDecay: options.weightDecay ?? recipe.weightDecay,
    labelSmoothing: options.labelSmoothing ?? 0,
    seed,
  }
}

/** The stored settings, when nothing that was asked for now contradicts them. */
function resumedSettings(
  stored: RunSettings,
  options: TrainOptions,
  fingerprint: string,
  folder: string,
): RunSettings {
  if (fingerprint !== stored.fingerprint) {
    throw new UsageError(
      `the data set is not the one that ${folder} was trained on (${stored.dataset}): resume with that one`,
    )
  }
  const { model } = stored
  const before: Partial<TrainOptions> = { ...stored, ...model } as Partial<TrainOptions>
  const fixed = [
    ['variant', '--variant'],
    ['inputSize', '--input-size'],
    ['dropout', '--dropout'],
    ['epochs', '--epochs'],
    ['batchSize', '--batch-size'],
    ['learningRate', '--learning-rate'],
    ['schedule', '--schedule'],
    ['momentum', '--momentum'],
    ['weightDecay', '--weight-decay'],
    ['labelSmoothing', '--label-smoothing'],
    ['validation', '--validation'],
    ['limit', '--limit'],
    ['seed', '--seed'],
  ] as const
  const changed = fixed.filter(
    ([key]) => options[key] !== undefined && options[key] !== before[key],
  )
  if (options.augment === false && stored.augment)
    changed.push(['augment' as never, '--no-augment' as never])
  if (changed.length > 0) {
    const was = changed.map(([key, flag]) => `${flag} was ${before[key] ?? 'not given'}`).join(', ')
    throw new UsageError(
      `a run is resumed with the settings it began with (${was}): leave them out, or start anew in another --out`,
    )
  }
  return stored
}

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

function announce(settings: RunSettings, data: TrainingData, step: number): void {
  const { model, labels, epochs, batchSize, learningRate, schedule, seed } = settings
  const lines = [
    `${pc.bold(`alexnet ${model.variant}`)}, ${model.inputSize}×${model.inputSize} pixels, ${labels.length} classes`,
    `${data.training.length} pictures to train on, ${data.validation?.length ?? 'none'} to validate on`,
    `${epochs} epochs, ${batchSize} pictures a step, learning rate ${learningRate} (${schedule}), seed ${seed}`,
    ...(step > 0 ? [`going on after step ${step}`] : []),
  ]
  process.stderr.write(`${lines.join('\n')}\n`)
}

const columns = ['epoch', 'loss', 'top-1', 'val. loss', 'val. top-1', 'pictures/s', 'time'] as const
const row = (cells: readonly string[]) =>
  cells.map((cell, index) => cell.padStart(columns[index]!.length + 1)).join(' ')

const epochHeader = (_: EpochEvent) => row(columns)

function epochLine({ epoch, epochs, train: means, validation, seconds }: EpochEvent): string {
  return row([
    `${epoch}/${epochs}`,
    means.loss.toFixed(3),
    percent(means.top1),
    validation?.loss.toFixed(3) ?? '–',
    validation ? percent(validation.top1) : '–',
    (means.pictures / seconds).toFixed(0),
    duration(seconds),
  ])
}

/** An event as a JSON line; a checkpoint says where it lies. */
function eventForJson(event: TrainEvent, folder: string) {
  return event.type === 'checkpoint' ? { ...event, folder } : event
}

function conclude(finished: boolean, trainer: Trainer, folder: RunFolder, path: string): void {
  const write = (line: string) => process.stderr.write(`${line}\n`)
  if (!finished) {
    write(`stopped after step ${trainer.step}; go on with`)
    write(`  alexnet train ${path} --out ${folder.path} --resume`)
    return
  }
  const score = ({ validation, train: means }: EpochEvent) => (validation ?? means).top1
  const best = trainer.history.reduce((a, b) => (score(b) > score(a) ? b : a))
  write(`best epoch ${best.epoch}: top-1 ${percent(score(best))}`)
  write(`model in ${folder.modelPath}; use it with`)
  write(`  alexnet classify PICTURE --weights ${folder.path}`)
}
