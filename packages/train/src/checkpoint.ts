// A training run at one moment, as named tensors and text: what a file format can hold, without knowing
// any. Weights and the optimiser's tensors stand under PyTorch's names in PyTorch's layouts, so the same
// file is a checkpoint to go on from here and a state dict there.

import { loadWeights, modelWeights } from '@alexnet/core'
import * as tf from '@tensorflow/tfjs'
import type { EpochRecord } from './events.ts'
import type { MetricSums } from './metrics.ts'
import type { Optimizer } from './optimizer.ts'
import type { WeightAverage } from './weight-average.ts'

export interface CheckpointTensor {
  readonly dtype: 'float32'
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** Everything needed to go on: tensors, and the position as text. */
export interface TrainingCheckpoint {
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
  history: EpochRecord[]
}

/** What a checkpoint is made of. */
export interface Run {
  model: tf.LayersModel
  optimizer: Optimizer
  /** Where weights are averaged. */
  average: WeightAverage | undefined
}

/** Before the name of an optimiser's slot and the name of a weight. */
const OPTIMIZER = 'optimizer.'
const AVERAGE = 'average.'
const KEY = 'training'

/** All weights of a model that are variables, by PyTorch's names. */
export function trainableWeights(model: tf.LayersModel): Map<string, tf.Variable> {
  const weights = modelWeights(model).filter(({ variable }) => variable.trainable)
  return new Map(weights.map(({ name, variable }) => [name, variable.read() as tf.Variable]))
}

/**
 * Copies a run out of the model and the optimiser.
 *
 * @throws RangeError when a weight is no longer finite: it would be of no use to go on from
 */
export async function packCheckpoint(
  { model, optimizer, average }: Omit<Run, 'optimizer'> & { optimizer: Pick<Optimizer, 'state'> },
  state: TrainingState,
): Promise<TrainingCheckpoint> {
  const tensors = new Map<string, CheckpointTensor>()
  const { slots, counts } = optimizer.state
  for (const { name, shape, variable, toPyTorch } of modelWeights(model)) {
    const add = async (prefix: string, tensor: tf.Tensor | undefined) => {
      if (!tensor) return
      const data = toPyTorch((await tensor.data()) as Float32Array)
      tensors.set(prefix + name, { dtype: 'float32', shape, data })
    }
    await add('', variable.read())
    if (!allFinite(tensors.get(name)!.data)) {
      throw new RangeError(`the weights '${name}' are no longer finite numbers`)
    }
    for (const [slot, values] of slots) await add(`${OPTIMIZER}${slot}.`, values.get(name))
    await add(AVERAGE, average?.tensors.get(name))
  }
  return { tensors, metadata: { [KEY]: JSON.stringify({ ...state, counts }) } }
}

/** A sum is finite unless an element is not, or they are too large to be of use. */
const allFinite = (values: Float32Array) =>
  Number.isFinite(values.reduce((sum, value) => sum + value, 0))

/**
 * Puts a run back into the model and the optimiser.
 *
 * @returns its position
 * @throws Error when it is no training checkpoint, or a tensor does not fit (core's WeightsError)
 */
export function unpackCheckpoint(
  { model, optimizer, average }: Run,
  { tensors, metadata }: StoredCheckpoint,
): TrainingState {
  const { counts = {}, ...state } = readPosition(metadata[KEY])
  type Values = Map<string, { dtype: string; shape: readonly number[]; data: ArrayLike<number> }>
  const weights: Values = new Map()
  const slots = new Map<string, Map<string, tf.Tensor>>()
  const averages = new Map<string, tf.Tensor>()
  const places = new Map(modelWeights(model).map((weight) => [weight.name, weight]))
  tf.engine().startScope()
  try {
    const place = (stored: string, weight: string, tensor: { shape: readonly number[] }) => {
      const found = places.get(weight)
      if (!found) throw new Error(`${stored} belongs to no weight of the model`)
      if (tensor.shape.join() !== found.shape.join()) {
        throw new Error(`${stored} is [${tensor.shape}] where the model has [${found.shape}]`)
      }
      return found
    }
    for (const [stored, tensor] of tensors as Values) {
      const read = (weight: string) => {
        const { fromPyTorch, variable } = place(stored, weight, tensor)
        return tf.tensor(fromPyTorch(tensor.data), variable.shape as number[])
      }
      if (stored.startsWith(OPTIMIZER)) {
        const [slot = '', ...rest] = stored.slice(OPTIMIZER.length).split('.')
        const name = rest.join('.')
        const values = slots.get(slot) ?? new Map<string, tf.Tensor>()
        slots.set(slot, values.set(name, read(name)))
      } else if (stored.startsWith(AVERAGE)) {
        const name = stored.slice(AVERAGE.length)
        averages.set(name, read(name))
      } else {
        weights.set(stored, tensor)
      }
    }
    if (average && averages.size === 0 && state.step > 0) {
      throw new Error('this run did not average its weights: it cannot begin to half-way')
    }
    loadWeights(model, weights)
    optimizer.restore({ slots, counts })
    average?.restore(averages)
  } finally {
    tf.engine().endScope()
  }
  return state
}

function readPosition(
  position: string | undefined,
): TrainingState & { counts?: Record<string, number> } {
  if (position === undefined) {
    throw new Error('this holds weights alone, not a training run: it cannot be resumed')
  }
  return JSON.parse(position)
}
