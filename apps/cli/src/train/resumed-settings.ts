// The settings of a run that goes on: those it began with, read from its folder, whichever version of
// this program wrote them.

import { createHash } from 'node:crypto'
import { UsageError } from '../terminal/errors.ts'
import { given, type TrainOptions } from './options.ts'
import type { RunSettings } from './run-settings.ts'
import { isSmall } from './settings.ts'

/**
 * Settings as run.json has them, those of the first format in today's terms.
 *
 * @throws UsageError when they are of a later version, none at all, or not as they were written
 */
export function readSettings(text: string, path: string): RunSettings {
  let stored: Partial<RunSettings> & { format?: number; [HASH]?: string }
  try {
    stored = JSON.parse(text)
  } catch (cause) {
    throw new UsageError(`${path} cannot be read: ${(cause as Error).message}`)
  }
  if (!isRecord(stored)) throw new UsageError(`${path} does not describe a training run`)
  const { [HASH]: hash, ...settings } = stored
  if (settings.format === undefined) return upgrade(settings as unknown as FirstFormat, path)
  if (settings.format !== 2) {
    throw new UsageError(
      `${path} was written by a later version of this program (format ${settings.format}): resume with that one`,
    )
  }
  const wrong = firstWrong(settings, parts)
  if (wrong !== undefined) {
    throw new UsageError(`${path} is damaged (its ${wrong} cannot be right): ${WAY_ON}`)
  }
  if (hash !== undefined && hash !== hashOfSettings(settings as RunSettings)) {
    throw new UsageError(`${path} is not as it was written (its checksum is another): ${WAY_ON}`)
  }
  return settings as RunSettings
}

const WAY_ON = 'put the file back as it was, or start anew in another --out'

/** Key of run.json's checksum, in itself. */
const HASH = 'sha256'

/** Settings as the text of run.json. */
export const encodeSettings = (settings: RunSettings): string =>
  `${JSON.stringify({ ...settings, [HASH]: hashOfSettings(settings) }, null, 2)}\n`

/** SHA-256 of settings: what checkpoints know their run by. */
export const hashOfSettings = (settings: RunSettings): string =>
  createHash('sha256').update(JSON.stringify(settings)).digest('hex')

type Check = (value: unknown) => boolean
type Parts = { [key: string]: Check | Parts }

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText: Check = (value) => typeof value === 'string'
const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value)
const isWhole =
  (least: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= least
const isNullOr =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)
const isList =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.length > 0 && value.every(check)

/** What every run.json has; the checksum is for the rest. */
const parts: Parts = {
  dataset: isText,
  fingerprint: isText,
  recipe: {
    name: isText,
    description: isText,
    variant: isText,
    augmentation: isText,
    epochs: isWhole(1),
    batchSize: isWhole(1),
    learningRate: isNumber,
    optimizer: { kind: isText, weightDecay: isNumber },
    schedule: { kind: isText },
  },
  from: isNullOr(isText),
  model: { variant: isText, classes: isWhole(1), inputSize: isWhole(1) },
  labels: isList(isText),
  preprocessing: {
    resize: isWhole(1),
    crop: isWhole(1),
    mean: isList(isNumber),
    std: isList(isNumber),
  },
  microBatch: isNullOr(isWhole(1)),
  validation: isNumber,
  limit: isNullOr(isWhole(1)),
  seed: isWhole(0),
  versions: isRecord,
}

/** The name of the first part that is not as it must be. */
function firstWrong(value: unknown, wanted: Parts, name = 'settings'): string | undefined {
  if (!isRecord(value)) return name
  for (const [key, check] of Object.entries(wanted)) {
    const found =
      typeof check === 'function'
        ? check(value[key])
          ? undefined
          : key
        : firstWrong(value[key], check, key)
    if (found !== undefined) return found
  }
  return undefined
}

/** run.json before there were recipes. */
interface FirstFormat
  extends Pick<
    RunSettings,
    'dataset' | 'fingerprint' | 'labels' | 'preprocessing' | 'validation' | 'limit' | 'seed'
  > {
  model: RunSettings['model'] & { variant: RunSettings['recipe']['variant'] }
  augment: boolean
  epochs: number
  batchSize: number
  learningRate: number
  schedule: 'constant' | 'steps' | 'one-cycle'
  momentum: number
  nesterov: boolean
  weightDecay: number
  labelSmoothing: number
}

function upgrade(first: FirstFormat, path: string): RunSettings {
  if (!first.model?.variant || typeof first.learningRate !== 'number') {
    throw new UsageError(`${path} does not describe a training run`)
  }
  const { dataset, fingerprint, model, labels, preprocessing, validation, limit, seed } = first
  const { momentum, nesterov, weightDecay, epochs, batchSize, learningRate } = first
  const schedules = {
    constant: { kind: 'constant' },
    steps: { kind: 'steps', points: [1 / 3, 2 / 3, 0.9] },
    'one-cycle': { kind: 'one-cycle', warmUp: 0.2 },
  } as const
  return {
    format: 2,
    dataset,
    fingerprint,
    model,
    labels,
    preprocessing,
    validation,
    limit,
    seed,
    recipe: {
      name: 'own',
      description: 'of a run that began before there were recipes',
      variant: model.variant,
      augmentation: !first.augment
        ? 'none'
        : isSmall(model.variant)
          ? 'cifar'
          : 'torchvision-train',
      epochs,
      batchSize,
      learningRate,
      optimizer: { kind: 'sgd', momentum, weightDecay, ...(nesterov && { nesterov }) },
      schedule: schedules[first.schedule],
      labelSmoothing: first.labelSmoothing,
    },
    from: null,
    microBatch: null,
    versions: {},
  }
}

/**
 * The settings of a run that goes on: those it began with.
 *
 * @throws UsageError when what is asked for now contradicts them
 */
export function resumedSettings(
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
  const changed: string[] = []
  const unknowable: string[] = []
  for (const { row, value } of given(options)) {
    const flag = /--[\w-]+/.exec(row.flags)![0].replace('--no-', '--')
    if (row.resumed === 'kept' && value !== true) unknowable.push(`${flag} stands as it was`)
    if (typeof row.resumed !== 'function') continue
    const was = row.resumed(stored)
    const is = row.asSettings ? row.asSettings(value) : value
    if (is !== undefined && is !== was) changed.push(`${flag} was ${was ?? 'not given'}`)
  }
  if (changed.length + unknowable.length > 0) {
    throw new UsageError(
      `a run is resumed with the settings it began with (${[...changed, ...unknowable].join(', ')}): leave them out, or start anew in another --out`,
    )
  }
  return stored
}
