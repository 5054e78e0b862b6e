// Sizes of convolutions and poolings of NHWC pictures, for the kernels of every backend: forward from the
// operation's attributes, and for a gradient from the map's gradient, whose height and width are the operation's
// own. tfjs drops dimRoundingMode on the way to a gradient, so that sizes computed anew there would be rounded
// down whatever the operation did. Shapes that do not belong together are refused here, before a kernel reads
// past an operand's end.

import * as tf from '@tensorflow/tfjs'

export type WindowShapes = tf.backend_util.Conv2DInfo

type Attributes = Readonly<Record<string, unknown>>
type Shape4 = [number, number, number, number]
type Rounding = 'floor' | 'round' | 'ceil' | undefined

/** What the shapes are of, where a map is not what the operation makes. */
interface Operation {
  /** Its name in messages. */
  name: string
  attrs: Attributes
  pictureShape: readonly number[]
  /** Of a gradient: the shape of the map's gradient. */
  mapShape?: readonly number[]
}

/**
 * Sizes of a convolution whose filter is [height, width, channels, maps]; of a depthwise one, [height, width, channels,
 * maps of each channel].
 *
 * @throws Error when the filter is larger than the padded picture, or the map is not one of this convolution
 */
export function convolutionShapes(
  operation: Operation & { filterShape: readonly number[]; depthwise?: boolean },
): WindowShapes {
  const { attrs, pictureShape, filterShape, depthwise } = operation
  return shapesOf(operation, (rounding) =>
    tf.backend_util.computeConv2DInfo(
      pictureShape as Shape4,
      filterShape as Shape4,
      attrs.strides as number,
      (attrs.dilations as number | undefined) ?? 1,
      attrs.pad as number,
      rounding,
      depthwise,
    ),
  )
}

/**
 * Sizes of a pooling.
 *
 * @throws Error when the window is larger than the padded picture, or the map is not one of this pooling
 */
export function poolingShapes(operation: Operation): WindowShapes {
  const { attrs, pictureShape } = operation
  return shapesOf(operation, (rounding) =>
    tf.backend_util.computePool2DInfo(
      pictureShape as Shape4,
      attrs.filterSize as number,
      attrs.strides as number,
      1,
      attrs.pad as number,
      rounding,
    ),
  )
}

function shapesOf(
  { name, attrs, pictureShape, mapShape }: Operation,
  compute: (rounding: Rounding) => WindowShapes,
): WindowShapes {
  const own = compute(attrs.dimRoundingMode as Rounding)
  const { filterHeight, filterWidth } = own
  const what = `a window of ${filterHeight}×${filterWidth} over [${pictureShape}] (strides ${attrs.strides}, pad ${JSON.stringify(attrs.pad)})`
  if (own.outHeight < 0 || own.outWidth < 0) {
    throw new Error(
      `${name}: ${what} does not fit: give larger pictures, a smaller window or more padding`,
    )
  }
  if (!mapShape) return own
  const possible = [own, compute('floor'), compute('ceil')]
  const found = possible.find(({ outShape }) => tf.util.arraysEqual(outShape, mapShape as number[]))
  if (found) return found
  throw new Error(
    `${name}: the map's gradient is [${mapShape}], but ${what} makes a map [${own.outShape}]`,
  )
}
