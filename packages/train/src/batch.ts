// What the loop and the evaluation read: batches of preprocessed pictures, as @alexnet/data's loader
// gives them.

import * as tf from '@tensorflow/tfjs'

export interface TrainingBatch {
  /** Its number in the epoch, from 0; default the next. Batches may be left out, where no picture could be used. */
  readonly index?: number
  /** Preprocessed pictures, NHWC; the batch's own array, never written to again. */
  readonly images: Float32Array
  /** [batch, height, width, channels] */
  readonly shape: readonly [number, number, number, number]
  /** Class of each picture. */
  readonly labels: Int32Array
  /** Of pictures that were mixed (MixUp, CutMix): the class of what was mixed in. */
  readonly otherLabels?: Int32Array
  /** How much of each mixed picture is its own class, 0 to 1; the rest is the other's. */
  readonly share?: Float32Array
  /** Of one process's part of a batch: its first picture's row in the whole, and the whole's pictures. */
  readonly part?: { readonly first: number; readonly of: number }
  /** Numbers of the pictures in their data set, for evaluation to name them. */
  readonly indices?: Int32Array
}

export interface BatchSource extends AsyncIterable<TrainingBatch> {
  /** Batches in the whole epoch, those before its start included. */
  readonly length: number
}

/**
 * The batch's pictures as a tensor; it may take the array over, so no source may write to it until the tensor
 * is disposed.
 */
export function pictureTensor({
  images,
  shape,
}: Pick<TrainingBatch, 'images' | 'shape'>): tf.Tensor4D {
  return tf.tensor4d(images, [...shape], 'float32')
}

/** What the loss is computed against: class numbers, or shares [batch, classes] where pictures were mixed. */
export function targetsOf(
  { labels, otherLabels, share }: TrainingBatch,
  classes: number,
): Int32Array | Float32Array {
  if (!otherLabels || !share) return labels
  const targets = new Float32Array(labels.length * classes)
  for (let row = 0; row < labels.length; row++) {
    targets[row * classes + labels[row]!]! += share[row]!
    targets[row * classes + otherLabels[row]!]! += 1 - share[row]!
  }
  return targets
}

/** A batch in parts of at most `most` pictures, in order; they share its memory. */
export function partsOf(batch: TrainingBatch, most: number): TrainingBatch[] {
  const [pictures, height, width, channels] = batch.shape
  if (most >= pictures) return [batch]
  const size = height * width * channels
  const { images, labels, otherLabels, share } = batch
  const parts: TrainingBatch[] = []
  for (let start = 0; start < pictures; start += most) {
    const end = Math.min(pictures, start + most)
    parts.push({
      images: images.subarray(start * size, end * size),
      shape: [end - start, height, width, channels],
      labels: labels.subarray(start, end),
      ...(otherLabels && { otherLabels: otherLabels.subarray(start, end) }),
      ...(share && { share: share.subarray(start, end) }),
    })
  }
  return parts
}
