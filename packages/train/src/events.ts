// What a run tells: typed events, for progress bars, logs and plots to listen to.

import type { Metrics } from './loss.ts'

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
  pictures: number
  /** Of the step, waiting for its batch included. */
  seconds: number
}

/** After every epoch: means over its pictures as they were trained on, and over the validation set. */
export interface EpochEvent {
  type: 'epoch'
  epoch: number
  epochs: number
  step: number
  train: Metrics
  validation?: Metrics
  learningRate: number
  /** Of its steps; validation is not counted. */
  seconds: number
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

export type TrainEvent = StepEvent | EpochEvent | CheckpointEvent
