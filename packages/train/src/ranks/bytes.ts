// What a step moves between ranks, by the sizes of the network alone: how `--parallel auto` chooses, and what is
// printed beside what was counted.

import { modelWeights } from '@alexnet/core'
import type * as tf from '@tensorflow/tfjs'

/** Bytes a step. */
export interface StepBytes {
  /** Of the arrays that are summed or gathered, as a rank has them: gradients, activations. */
  readonly payload: number
  /** That leave each rank, at least: an all-reduce sends its array 2 (n − 1) / n times. */
  readonly sent: number
}

/**
 * Bytes that a rank exchanges in a training step.
 *
 * @param batch pictures of the whole batch
 */
export function bytesPerStep(
  model: tf.LayersModel,
  { parallel, ranks, batch }: { parallel: 'data' | 'hybrid'; ranks: number; batch: number },
): StepBytes {
  const weights = modelWeights(model).filter(({ variable }) => variable.trainable)
  const size = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1)
  const linear = new Set(weights.filter(({ shape }) => shape.length === 2).map((w) => w.layer))
  const reduced = weights.filter(({ layer }) => parallel === 'data' || !linear.has(layer))
  const gradients = 4 * reduced.reduce((sum, { shape }) => sum + size(shape), 0)
  const bytes = { payload: gradients, sent: (2 * (ranks - 1) * gradients) / ranks }
  if (parallel === 'data') return bytes
  const layers = weights.filter(({ shape, layer }) => shape.length === 2 && linear.has(layer))
  const [first] = layers
  const widths = [
    // Rows of the flattened maps, there and back; columns of each layer there, back but for the last.
    ...(first ? [first.shape[1]!, first.shape[1]!] : []),
    ...layers.flatMap(({ shape }, at) =>
      at === layers.length - 1 ? [shape[0]!] : [shape[0]!, shape[0]!],
    ),
  ]
  for (const width of widths) {
    const part = (4 * width * batch) / ranks
    bytes.payload += part
    bytes.sent += part * (ranks - 1)
  }
  return bytes
}

/** Whichever of the two sends less. */
export function chooseParallel(
  model: tf.LayersModel,
  { ranks, batch }: { ranks: number; batch: number },
): 'data' | 'hybrid' {
  const sent = (parallel: 'data' | 'hybrid') => bytesPerStep(model, { parallel, ranks, batch }).sent
  return sent('hybrid') < sent('data') ? 'hybrid' : 'data'
}
