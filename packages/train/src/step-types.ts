// What a training step is told and what it tells.

import type { TrainingBatch } from './batch.ts'

export interface StepOptions {
  /** Share of the target spread over all classes. Default 0. */
  labelSmoothing?: number
  /** Length that the gradient, over all weights as one vector, is cut to. Default: not cut. */
  clipNorm?: number
  /** Pictures that go through the network at once; gradients are added up over the batch. Default all. */
  microBatch?: number
}

export interface StepResult {
  /** Mean over the batch, before the step. */
  loss: number
  /** Pictures whose class came out best, and among the best five. */
  top1: number
  top5: number
  /** Length of the gradient before it was cut, where it is to be cut. */
  gradientNorm?: number
  /** Whether a rank was asked to stop. */
  stop: boolean
}

export interface StepBatch {
  batch: TrainingBatch
  /** Number of the step from 0, which dropout's masks follow from. */
  step: number
}
