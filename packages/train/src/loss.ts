// The loss that training goes down.

import * as tf from '@tensorflow/tfjs'
import { hasKernel, runKernel } from './custom-kernels.ts'

/**
 * Mean cross-entropy of softmax(logits), as torch.nn.CrossEntropyLoss computes it.
 *
 * @param logits [batch, classes]
 * @param targets class of each picture, or, as MixUp makes them, a share of each class for each picture:
 *   [batch, classes], row-major
 * @param labelSmoothing share of the target that is spread evenly over all classes, in [0, 1)
 * @returns a scalar
 */
export function crossEntropy(
  logits: tf.Tensor2D,
  targets: Int32Array | Float32Array,
  labelSmoothing = 0,
): tf.Scalar {
  return tf.tidy(() => {
    const [pictures, classes] = logits.shape
    const shares =
      targets instanceof Int32Array
        ? tf.oneHot(tf.tensor1d(targets, 'int32'), classes).toFloat()
        : tf.tensor2d(targets, [pictures, classes], 'float32')
    const smoothed =
      labelSmoothing === 0
        ? shares
        : tf.add(tf.mul(shares, 1 - labelSmoothing), labelSmoothing / classes)
    if (hasKernel('SoftmaxCrossEntropy')) return fused(logits, smoothed)
    const logProbabilities = tf.logSoftmax(logits)
    return tf.mul(tf.sum(tf.mul(logProbabilities, smoothed)), -1 / pictures) as tf.Scalar
  })
}

function fused(logits: tf.Tensor2D, shares: tf.Tensor): tf.Scalar {
  return tf.customGrad((x, save) => {
    const operands = { logits: x as tf.Tensor, shares }
    const [value, gradient]: [tf.Scalar, tf.Tensor] = runKernel('SoftmaxCrossEntropy', operands, {})
    ;(save as tf.GradSaveFunc)([gradient])
    return { value, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(saved[0]!, dy) }
  })(logits) as tf.Scalar
}
