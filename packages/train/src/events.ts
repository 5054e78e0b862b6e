// What a run tells: typed events, for progress bars, logs and plots to listen to.

import type { Evaluation } from './evaluate.ts'
import type { Metrics } from './metrics.ts'

/** After every step. `step`, `epoch` and `batch` count from 1: the third step is `step: 3`. */
export interface StepEvent {
  type: 'step'
  step: number
  steps: number
  epoch: number
  epochs: number
  batch: number
  batches: number
  /** Mean loss over the batch, before the step. */
  loss: number
  /** Share of the batch whose class came out best, before the step. */
  top1: number
  learningRate: number
  /** Length of the gradient before it was cut; only where it is to be cut. */
  gradientNorm?: number
  pictures: number
  /** Of the step, waiting for its batch included. */
  seconds: number
}

/** An epoch's figures, as a checkpoint keeps them. */
export interface EpochRecord {
  type: 'epoch'
  epoch: number
  epochs: number
  step: number
  /** Means over its pictures as they were trained on. */
  train: Metrics
  /** Over the validation set, with the averaged weights where there are such. */
  validation?: Metrics
  learningRate: number
  /** Of its steps; validation is not counted. */
  seconds: number
}

/** After every epoch: its figures, and the validation by class. */
export interface EpochEvent extends EpochRecord {
  validation?: Evaluation
}

/** A good moment to save `await trainer.checkpoint()`; the run waits until the listener is done. */
export interface CheckpointEvent {
  type: 'checkpoint'
  reason: 'epoch' | 'interval' | 'interrupted'
  step: number
  epoch: number
  /** Whether the last epoch's validation (else training) top-1 is the best so far. */
  best: boolean
}

/** The run is over: all epochs are done, or there was no better one for as long as it was to wait. */
export interface EndEvent {
  type: 'end'
  reason: 'epochs' | 'no-improvement'
  step: number
  epoch: number
}

export type TrainEvent = StepEvent | EpochEvent | CheckpointEvent | EndEvent
