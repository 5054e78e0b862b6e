// Which pixels of the picture a unit can see: the windows of its layer and of all before it, followed back
// to the picture.
import type * as tf from '@tensorflow/tfjs'
import { OptionError, requireWholeNumber } from '../errors.ts'
import { AdaptiveAveragePooling } from '../layers/adaptive-average-pooling.ts'
import { Convolution } from '../layers/convolution.ts'
import { SameMapNormalization } from '../layers/local-response-normalization.ts'
import { AveragePooling, MaxPooling } from '../layers/pooling.ts'
import { adaptiveWindow, type WindowAxis } from '../window.ts'
import { chainOf, indexOfLayer, shapeOf } from './chain.ts'

/** A rectangle of the prepared picture, in pixels. */
export interface Field {
  top: number
  left: number
  height: number
  width: number
}

/**
 * The pixels that the unit at a place of a layer depends on, cut at the picture's borders unless the padding
 * around it is asked for, which gives every unit of a layer a field of one size. All channels at a
 * place see the same pixels; a unit of a linear layer sees all of them. Arithmetic of Dumoulin & Visin, "A
 * guide to convolution arithmetic for deep learning" (2016), arXiv:1603.07285.
 *
 * @param place row and column of the unit in the layer's map; not needed where the layer has none
 * @param options.padding whether the field goes on beyond the picture, to negative places as well. Default false
 * @throws OptionError on an unknown layer or a place outside of its map
 */
export function receptiveField(
  model: tf.LayersModel,
  layer: string,
  place: { row: number; column: number } = { row: 0, column: 0 },
  { padding = false }: { padding?: boolean } = {},
): Field {
  const chain = chainOf(model)
  const index = indexOfLayer(chain, layer)
  const shape = shapeOf(chain.layers[index]!)
  const [rows, columns] = shape.length === 3 ? [shape[0]!, shape[1]!] : [1, 1]
  let vertical = unit('row', place.row, rows)
  let horizontal = unit('column', place.column, columns)
  for (const [at, current] of [...chain.layers.slice(0, index + 1).entries()].reverse()) {
    const [height, width] = at === 0 ? chain.inputShape : shapeOf(chain.layers[at - 1]!)
    vertical = back(current, vertical, height!, 0, padding)
    horizontal = back(current, horizontal, width!, 1, padding)
  }
  return {
    top: vertical[0],
    height: vertical[1] - vertical[0],
    left: horizontal[0],
    width: horizontal[1] - horizontal[0],
  }
}

/** First pixel of an axis and the one after the last. */
type Span = [start: number, end: number]

function unit(name: string, position: number, length: number): Span {
  if (requireWholeNumber(name, position, 0) < length) return [position, position + 1]
  throw new OptionError(`${name} ${position} is outside of the layer's map: 0 to ${length - 1}`)
}

/** The span of a layer's input, `length` long, that a span of its output sees. */
function back(
  layer: tf.layers.Layer,
  [start, end]: Span,
  length: number,
  axis: 0 | 1,
  padding: boolean,
): Span {
  if (layer.getClassName() === 'Flatten' || layer.getClassName() === 'Dense') return [0, length]
  if (layer instanceof AdaptiveAveragePooling) {
    const output = layer.outputSize[axis]
    return [adaptiveWindow(start, length, output)[0], adaptiveWindow(end - 1, length, output)[1]]
  }
  const window = windowOf(layer, axis)
  if (!window) return [start, end]
  const { size, stride, before } = window
  const [first, last] = [start * stride - before, (end - 1) * stride - before + size]
  return padding ? [first, last] : [Math.max(0, first), Math.min(length, last)]
}

function windowOf(
  layer: tf.layers.Layer,
  axis: 0 | 1,
): Pick<WindowAxis, 'size' | 'stride' | 'before'> | undefined {
  if (layer instanceof Convolution) return layer.axes()[axis]
  if (layer instanceof MaxPooling || layer instanceof AveragePooling) return layer.axes()[axis]
  if (layer instanceof SameMapNormalization) {
    return { size: layer.size, stride: 1, before: (layer.size - 1) / 2 }
  }
  return undefined
}
