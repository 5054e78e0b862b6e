// alexnet train: from labelled pictures to a model file. Everything that decides the numbers is resolved
// first and kept in the run folder; --resume reads it back and goes on from the last checkpoint, bit for
// bit as if the run had never stopped.

import { createAlexNet } from '@alexnet/core'
import { loader, torchvisionEval } from '@alexnet/data'
import { Sgd, type TrainEvent, Trainer } from '@alexnet/train'
import pc from 'picocolors'
import { startBackend } from '../backend.ts'
import { exitCodes, UsageError } from '../errors.ts'
import { saveModel } from '../model-file.ts'
import { type Progress, progress } from '../progress.ts'
import { RunFolder } from '../run-folder.ts'
import {
  createSchedule,
  newSettings,
  presetFor,
  resumedSettings,
  type TrainOptions,
  variantNamed,
} from '../settings.ts'
import { openTrainingData } from '../training-data.ts'
import { announce, conclude, epochHeader, epochLine } from '../training-report.ts'

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
    : newSettings(path, options, data, await data.training.load(0))

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
        if (event.epoch === 1) shown?.log(pc.dim(epochHeader()))
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
