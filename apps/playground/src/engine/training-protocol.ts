// What a training run is asked for and what it tells, as plain data.
import type { BackendChoice, ModelSource, Pixels } from './protocol.ts'

/** What a run begins with: random weights, or those of the model at hand. */
export const starts = ['scratch', 'head', 'all'] as const
export type Start = (typeof starts)[number]

export interface TrainingSettings {
  /** Drawn pictures, or those of the user's own classes. */
  source: 'shapes' | 'own'
  /** How many to draw. */
  pictures: number
  start: Start
  epochs: number
  batchSize: number
  learningRate: number
  augment: boolean
  /** Share kept for validation. */
  validation: number
  seed: number
}

export const defaultSettings: TrainingSettings = {
  source: 'shapes',
  pictures: 4000,
  start: 'scratch',
  epochs: 4,
  batchSize: 16,
  learningRate: 0.01,
  augment: false,
  validation: 0.1,
  seed: 0,
}

/** Steps after which the last layer alone has learned a few classes. */
const OWN_STEPS = 120

/**
 * What suits each beginning: the peak of the learning rate. From nothing the drawn shapes are then 90 % right after the four
 * epochs that are offered; with twice the rate 78 %, with six tenths 85 %.
 */
export const rates: Record<Start, number> = { scratch: 0.01, head: 0.01, all: 0.005 }

/**
 * What suits so many pictures of one's own: they are too few for a new network, so that the last layer of the one
 * there is learns, for as many epochs as make enough steps.
 */
export function settingsForOwn(
  pictures: number,
  { batchSize, validation }: Pick<TrainingSettings, 'batchSize' | 'validation'>,
): Pick<TrainingSettings, 'start' | 'epochs' | 'learningRate' | 'augment'> {
  const steps = Math.max(1, Math.ceil((pictures * (1 - validation)) / batchSize))
  const epochs = Math.min(60, Math.max(5, Math.round(OWN_STEPS / steps)))
  return { start: 'head', epochs, learningRate: rates.head, augment: true }
}

/** A new run: what it is asked for, and the model that it begins with. */
export interface NewRun {
  settings: TrainingSettings
  base: ModelSource
  backend: BackendChoice
  /** The user's own pictures, which need not be in the browser's storage. */
  own: OwnDataset
}

export interface StepReport {
  type: 'step'
  step: number
  steps: number
  epoch: number
  epochs: number
  loss: number
  picturesPerSecond: number
}

export interface EpochReport {
  type: 'epoch'
  epoch: number
  step: number
  train: { loss: number; top1: number }
  validation: { loss: number; top1: number; pictures: number }
  /** Pictures of class `row` that were taken for class `column`. */
  confusion: number[][]
}

/** A validation picture that was taken for another class, surest mistakes first. */
export interface Mistake {
  pixels: Pixels
  label: string
  found: string
  probability: number
}

export type TrainingReport =
  | StepReport
  | EpochReport
  | { type: 'mistakes'; mistakes: Mistake[] }
  /** Pictures of the user's own are decoded before the first step. */
  | { type: 'preparing'; done: number; total: number }
  | { type: 'started'; classes: string[]; training: number; validation: number; device: string }
  | { type: 'saved'; step: number }
  | { type: 'warning'; message: string }
  /** The device is gone, and the run with it: what the browser keeps can be resumed on another. */
  | { type: 'lost'; reason: string }

/** A run as the browser keeps it: everything needed to go on after a reload. */
export interface SavedRun {
  settings: TrainingSettings
  classes: string[]
  /** Weights, momentum and position, as a safetensors file. */
  checkpoint: Blob
  /** The classifier, as a safetensors file. */
  model: Blob
  /** What belongs to the model, as JSON. */
  description: string
  steps: StepReport[]
  epochs: EpochReport[]
  mistakes: Mistake[]
  finished: boolean
}

/** Keys in the browser's storage. */
export const keys = { run: 'training-run', dataset: 'own-data-set' } as const

/** Labelled pictures of the user's own. */
export interface OwnDataset {
  classes: string[]
  pictures: { id: string; name: string; label: number; blob: Blob }[]
}
