// The loss that training goes down.

import * as tf from '@tensorflow/tfjs'

/** What a backend registers to compute loss and gradient in one pass; @alexnet/backend-cpu does. */
const CROSS_ENTROPY_KERNEL = 'SoftmaxCrossEntropy'

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
    if (tf.getKernel(CROSS_ENTROPY_KERNEL, tf.getBackend())) return fused(logits, smoothed)
    const logProbabilities = tf.logSoftmax(logits)
    return tf.mul(tf.sum(tf.mul(logProbabilities, smoothed)), -1 / pictures) as tf.Scalar
  })
}

function fused(logits: tf.Tensor2D, shares: tf.Tensor): tf.Scalar {
  return tf.customGrad((x, save) => {
    const [value, gradient] = tf
      .engine()
      .runKernel(CROSS_ENTROPY_KERNEL, { logits: x as tf.Tensor, shares }, {}) as [
      tf.Scalar,
      tf.Tensor,
    ]
    ;(save as tf.GradSaveFunc)([gradient])
    return { value, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(saved[0]!, dy) }
  })(logits) as tf.Scalar
}
