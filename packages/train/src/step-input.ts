// What a step is told and what it tells, whoever makes it: one process, or several together.

import type * as tf from '@tensorflow/tfjs'
import type { Batch } from './batch.ts'

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

/** What a step is told beside its options. */
export interface StepInput {
  batch: Batch
  /** Number of the step from 0, which dropout's masks follow from. */
  step: number
  /** The other processes that have parts of the batch; none by default. */
  ranks?: StepRanks | undefined
  /** Whether this process was asked to stop. */
  stop?: boolean
}

type Weights = ReadonlyMap<string, tf.Variable>

/** What a step needs of the processes that make it together; see ranks/ranked-step.ts. */
export interface StepRanks {
  /** Where fully connected layers are split: makes the gradients in the place of the model. */
  readonly hybrid:
    | {
        gradients(
          weights: Weights,
          input: StepOptions & StepInput,
          result: StepResult,
        ): Promise<tf.NamedTensorMap>
      }
    | undefined
  watch<T>(model: tf.LayersModel, weights: Weights, forward: () => T): T
  sum(weights: Weights, local: tf.NamedTensorMap, result: StepResult): Promise<tf.NamedTensorMap>
}
