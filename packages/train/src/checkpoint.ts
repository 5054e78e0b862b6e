// A training run at one moment, as named tensors and text: what a file format can hold, without knowing
// any. Weights and momentum buffers stand under PyTorch's names in PyTorch's layouts, so the same file
// is a checkpoint to go on from here and a state dict there.

import { loadWeights, modelWeights } from '@alexnet/core'
import * as tf from '@tensorflow/tfjs'
import type { EpochEvent } from './events.ts'
import type { MetricSums } from './loss.ts'
import type { Sgd } from './sgd.ts'

export interface CheckpointTensor {
  readonly dtype: 'float32'
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** Everything needed to go on: tensors, and the position as text. */
export interface Checkpoint {
  readonly tensors: ReadonlyMap<string, CheckpointTensor>
  /** `training` holds the position as JSON. */
  readonly metadata: Readonly<Record<string, string>>
}

/** A checkpoint as a reader of some file format gives it. */
export interface StoredCheckpoint {
  readonly tensors: ReadonlyMap<
    string,
    { dtype: string; shape: readonly number[]; data: ArrayLike<number> | ArrayLike<bigint> }
  >
  readonly metadata: Readonly<Record<string, string>>
}

/** Where a run is. Random numbers need no state: they follow from the seed and this position. */
export interface TrainingState {
  /** The epoch under way, from 0. */
  epoch: number
  /** Batches of it that are done. */
  batch: number
  /** Steps done over all epochs. */
  step: number
  /** The rate of the last step. */
  learningRate: number
  /** Sums over the batches done of the epoch under way. */
  sums: MetricSums
  /** Time spent on the epoch under way. */
  seconds: number
  /** One record an epoch done. */
  history: EpochEvent[]
}

const VELOCITY = 'optimizer.velocity.'
const KEY = 'training'

/** The trainable weights of a model by PyTorch's names, as the variables that they are. */
export function trainableWeights(model: tf.LayersModel): Map<string, tf.Variable> {
  const weights = modelWeights(model).filter(({ variable }) => variable.trainable)
  return new Map(weights.map(({ name, variable }) => [name, variable.read() as tf.Variable]))
}

/** Copies a run out of the model and the optimiser. */
export async function packCheckpoint(
  model: tf.LayersModel,
  optimizer: Sgd,
  state: TrainingState,
): Promise<Checkpoint> {
  const tensors = new Map<string, CheckpointTensor>()
  for (const { name, shape, variable, toPyTorch } of modelWeights(model)) {
    const read = async (tensor: tf.Tensor) => toPyTorch((await tensor.data()) as Float32Array)
    tensors.set(name, { dtype: 'float32', shape, data: await read(variable.read()) })
    const velocity = optimizer.velocities.get(name)
    if (velocity) {
      tensors.set(VELOCITY + name, { dtype: 'float32', shape, data: await read(velocity) })
    }
  }
  return { tensors, metadata: { [KEY]: JSON.stringify(state) } }
}

/**
 * Puts a run back into the model and the optimiser.
 *
 * @returns its position
 * @throws Error when it is no training checkpoint, or a tensor does not fit (core's WeightsError)
 */
export function unpackCheckpoint(
  model: tf.LayersModel,
  optimizer: Sgd,
  { tensors, metadata }: StoredCheckpoint,
): TrainingState {
  const position = metadata[KEY]
  if (position === undefined) {
    throw new Error('this holds weights alone, not a training run: it cannot be resumed')
  }
  const state = JSON.parse(position) as TrainingState
  type Values = Map<string, { dtype: string; shape: readonly number[]; data: ArrayLike<number> }>
  const weights: Values = new Map()
  const velocities: Values = new Map()
  for (const [name, tensor] of tensors as Values) {
    if (name.startsWith(VELOCITY)) velocities.set(name.slice(VELOCITY.length), tensor)
    else weights.set(name, tensor)
  }
  loadWeights(model, weights)
  const restored = new Map<string, tf.Tensor>()
  for (const { name, shape, variable, fromPyTorch } of modelWeights(model)) {
    const velocity = velocities.get(name)
    if (!velocity) continue
    if (velocity.shape.join() !== shape.join()) {
      throw new Error(`${VELOCITY}${name} is [${velocity.shape}] where the model has [${shape}]`)
    }
    restored.set(name, tf.tensor(fromPyTorch(velocity.data), variable.shape as number[]))
  }
  optimizer.restore(restored)
  tf.dispose([...restored.values()])
  return state
}
