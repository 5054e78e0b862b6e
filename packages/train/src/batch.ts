// What the loop and the evaluation read: batches of preprocessed pictures, as @alexnet/data's loader
// gives them.

import * as tf from '@tensorflow/tfjs'

export interface Batch {
  /** Preprocessed pictures, NHWC; the batch's own array, never written to again. */
  readonly images: Float32Array
  /** [batch, height, width, channels] */
  readonly shape: readonly [number, number, number, number]
  /** Class of each picture. */
  readonly labels: Int32Array
}

export interface BatchSource extends AsyncIterable<Batch> {
  /** Batches in the whole epoch, those before its start included. */
  readonly length: number
}

/** The batch's pictures as a tensor; it may take the array over, so no source may write to it again. */
export function pictureTensor({ images, shape }: Batch): tf.Tensor4D {
  return tf.tensor4d(images, [...shape], 'float32')
}
