// What the layers of this folder share: reading their one input, and checking settings that may
// come from a program or from a model.json.
import type * as tf from '@tensorflow/tfjs'
import { OptionError, requireWholeNumber, show } from '../errors.ts'
import { bothSides, type Padding } from '../window.ts'

/** Settings that every TensorFlow.js layer takes: name, trainable, inputShape, … */
export type LayerSettings = NonNullable<ConstructorParameters<typeof tf.layers.Layer>[0]>

/** The one picture batch that a layer gets, `[batch, height, width, channels]`. */
export function pictures(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor4D {
  return (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor4D
}

/** The one shape that a layer gets. */
export function oneShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
  return Array.isArray(shape[0]) ? shape[0] : (shape as tf.Shape)
}

/** `[height, width]` of a window from a number or a pair. */
export function sizePair(name: string, value: number | readonly number[]): [number, number] {
  const [height, width] = typeof value === 'number' ? [value, value] : value
  return [requireWholeNumber(name, height, 1), requireWholeNumber(name, width, 1)]
}

/** A padding of whole numbers, none negative except, with `mayCrop`, at the bottom and right. */
export function checkPadding(value: Padding, { mayCrop = false } = {}): Padding {
  if (typeof value !== 'number' && !Array.isArray(value?.[0])) {
    throw new OptionError(
      `padding must be a number or [[top, bottom], [left, right]], found ${show(value)}`,
    )
  }
  for (const [before, after] of bothSides(value)) {
    requireWholeNumber('padding', before, 0)
    if (!mayCrop || !Number.isSafeInteger(after)) requireWholeNumber('padding', after, 0)
  }
  return value
}

/** Throws OptionError when a layer's windows do not fit into its input. */
export function requireWindows(layer: string, input: tf.Shape, counts: readonly number[]): void {
  if (counts.every((count) => count >= 1)) return
  throw new OptionError(
    `layer ${layer}: not one window fits into its input of ${input[1]}×${input[2]} pixels`,
  )
}

/** `count` where an axis' length is known, else null, as TensorFlow.js writes an unknown length. */
export function countOrNull(length: number | null, count: (length: number) => number) {
  return length == null ? null : count(length)
}
