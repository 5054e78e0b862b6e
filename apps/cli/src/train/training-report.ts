// What a person reads while a run goes on: what is about to happen, a line an epoch, what came of it.

import { type EpochRecord, scoreOf, type Trainer } from '@alexnet/train'
import { duration, percent } from '../terminal/format.ts'
import { bold, tell } from '../terminal/print.ts'
import { command } from '../terminal/shell.ts'
import type { RunFolder } from './run-folder.ts'
import type { RunSettings } from './run-settings.ts'
import type { TrainingData } from './training-data.ts'

/** Says what is about to happen, on stderr. */
export function announce(settings: RunSettings, data: TrainingData, step: number): void {
  const { model, labels, recipe, from, seed } = settings
  const { epochs, batchSize, learningRate, schedule, optimizer } = recipe
  const origin = from === null ? '' : `, from ${from}`
  const lines = [
    `${bold(`alexnet ${model.variant}`)}, ${model.inputSize}×${model.inputSize} pixels, ${labels.length} classes${origin}`,
    `${data.training.length} pictures to train on, ${data.validation?.length ?? 'none'} to validate on`,
    `recipe ${recipe.name}: ${epochs} epochs of ${batchSize} pictures a step, ${optimizer.kind},`,
    `learning rate ${learningRate} (${schedule.kind}), augmentation ${recipe.augmentation}, seed ${seed}`,
    ...(step > 0 ? [`going on after step ${step}`] : []),
  ]
  tell(...lines)
}

const columns = ['epoch', 'loss', 'top-1', 'val. loss', 'val. top-1', 'pictures/s', 'time'] as const
const row = (cells: readonly string[]) =>
  cells.map((cell, index) => cell.padStart(columns[index]!.length + 1)).join(' ')

/** The heading over the lines of the epochs. */
export const epochHeader = (): string => row(columns)

/** An epoch's figures, one line of a table. */
export function epochLine({
  epoch,
  epochs,
  train: means,
  validation,
  seconds,
}: EpochRecord): string {
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

/** Says what came of the run and what to do next, on stderr. */
export function conclude(
  finished: boolean,
  trainer: Trainer,
  folder: RunFolder,
  path: string,
): void {
  if (!finished) {
    tell(`stopped after step ${trainer.step}; go on with`)
    tell(command`  alexnet train ${path} --out ${folder.path} --resume`)
    return
  }
  const best = trainer.history.reduce((a, b) => (scoreOf(b) > scoreOf(a) ? b : a))
  const last = trainer.history.at(-1)!
  if (last.epoch < last.epochs) tell(`no better epoch for ${last.epoch - best.epoch}: stopped`)
  tell(`best epoch ${best.epoch}: top-1 ${percent(scoreOf(best))}`)
  tell(`model in ${folder.modelPath}; use it with`)
  tell(command`  alexnet classify PICTURE --weights ${folder.path}`)
}
