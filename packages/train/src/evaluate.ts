// Loss and accuracy of a model over a data set, dropout off.

import * as tf from '@tensorflow/tfjs'
import { type BatchSource, pictureTensor } from './batch.ts'
import { countRight, crossEntropy, type Metrics, meansOf, zeroSums } from './loss.ts'

export interface EvaluateOptions {
  /** Called after each batch with the number of pictures done. */
  onProgress?: (pictures: number) => void
}

/**
 * Measures a model that gives logits.
 *
 * @returns means over all pictures; `top1` and `top5` are shares in [0, 1].
 */
export async function evaluate(
  model: tf.LayersModel,
  batches: BatchSource,
  { onProgress }: EvaluateOptions = {},
): Promise<Metrics> {
  const sums = zeroSums()
  for await (const batch of batches) {
    const [logits, loss] = tf.tidy(() => {
      const output = model.apply(pictureTensor(batch), { training: false }) as tf.Tensor2D
      return [output, crossEntropy(output, batch.labels)] as const
    })
    const pictures = batch.labels.length
    const right = countRight(await logits.data(), batch.labels)
    sums.loss += (await loss.data())[0]! * pictures
    sums.pictures += pictures
    sums.top1 += right.top1
    sums.top5 += right.top5
    tf.dispose([logits, loss])
    onProgress?.(sums.pictures)
  }
  return meansOf(sums)
}
