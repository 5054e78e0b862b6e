// Gradients between the loss and the optimiser: summed over parts of a batch, cut to a length.

import * as tf from '@tensorflow/tfjs'

/**
 * Scales gradients down together when they are longer than `most`, as
 * torch.nn.utils.clip_grad_norm_: by most / (norm + 1e-6), norm over all of them as one vector.
 *
 * @returns the gradients, the same tensors or new ones in their place (the old are disposed of), and
 *   their norm before
 */
export function clipNorm(
  gradients: tf.NamedTensorMap,
  most: number,
): { gradients: tf.NamedTensorMap; norm: tf.Scalar } {
  const norm = tf.tidy(() => {
    const squares = Object.values(gradients).map((gradient) => tf.sum(tf.square(gradient)))
    return tf.sqrt(tf.addN(squares)) as tf.Scalar
  })
  const factor = tf.tidy(() => tf.minimum(1, tf.div(most, tf.add(norm, 1e-6))))
  const clipped: tf.NamedTensorMap = {}
  for (const [name, gradient] of Object.entries(gradients)) {
    clipped[name] = tf.mul(gradient, factor)
    gradient.dispose()
  }
  factor.dispose()
  return { gradients: clipped, norm }
}

/** Adds gradients to a running sum (none at first) and disposes of what it was given. */
export function addGradients(
  sum: tf.NamedTensorMap | undefined,
  gradients: tf.NamedTensorMap,
): tf.NamedTensorMap {
  if (!sum) return gradients
  const total: tf.NamedTensorMap = {}
  for (const [name, gradient] of Object.entries(gradients)) {
    total[name] = tf.add(sum[name]!, gradient)
    tf.dispose([sum[name]!, gradient])
  }
  return total
}
