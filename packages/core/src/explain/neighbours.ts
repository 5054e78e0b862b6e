// Which pictures a network finds alike.
import type * as tf from '@tensorflow/tfjs'
import { OptionError, requireWholeNumber } from '../errors.ts'
import { activationOf, chainOf, shapeOf } from './chain.ts'

/** A picture near the one asked about. */
export interface Neighbour {
  /** Its place in the list. */
  index: number
  distance: number
}

/**
 * Name of the layer whose output is the features to compare pictures by: the activation of the last hidden
 * linear layer, fc7 of AlexNet.
 *
 * @throws OptionError where the network has no hidden linear layer
 */
export function featureLayer(model: tf.LayersModel): string {
  const { layers } = chainOf(model)
  const head = layers.findLastIndex((layer) => layer.getClassName() === 'Dense')
  const hidden = layers
    .slice(0, Math.max(head, 0))
    .findLast((layer) => activationOf(layer) !== undefined && shapeOf(layer).length === 1)
  if (hidden) return hidden.name
  throw new OptionError('the network has no hidden linear layer: name the layer to compare by')
}

/**
 * The nearest of `features` to `query` by Euclidean distance, nearest first, as figure 4 (right) of Krizhevsky
 * et al. (2012), §6.1, finds pictures alike: by the outputs of the last hidden layer.
 *
 * @param query features of one picture, such as the output of `featureLayer(model)`
 * @param features those of the others, of the same length each
 * @throws OptionError where lengths differ
 */
export function nearestNeighbours(
  query: ArrayLike<number>,
  features: readonly ArrayLike<number>[],
  count = 5,
): Neighbour[] {
  requireWholeNumber('count', count, 1)
  return features
    .map((other, index) => {
      if (other.length !== query.length) {
        throw new OptionError(
          `features ${index} have ${other.length} numbers, the query ${query.length}: take both from the same layer`,
        )
      }
      let sum = 0
      for (let i = 0; i < query.length; i++) sum += (query[i]! - other[i]!) ** 2
      return { index, distance: Math.sqrt(sum) }
    })
    .sort((a, b) => a.distance - b.distance || a.index - b.index)
    .slice(0, count)
}
