// A network small enough to train by software rendering, and a training step of plain TensorFlow.js.

import * as tf from '@tensorflow/tfjs'

export interface SmallNetwork {
  weights: tf.Variable[]
  logits(pictures: tf.Tensor): tf.Tensor
  /** One step of gradient descent on one fixed batch; the loss before it. */
  step(): Promise<number>
  dispose(): void
}

export function smallNetwork(seed = 1): SmallNetwork {
  const variable = (shape: number[], n: number) =>
    tf.tidy(() => tf.variable(tf.randomNormal(shape, 0, 0.1, 'float32', seed + n)))
  const filters = variable([3, 3, 3, 8], 1)
  const bias = variable([8], 2)
  const matrix = variable([4 * 4 * 8, 5], 3)
  const pictures = tf.randomUniform([4, 10, 10, 3], -1, 1, 'float32', seed + 4)
  const labels = tf.oneHot(tf.tensor1d([0, 1, 2, 3], 'int32'), 5).toFloat()
  const weights = [filters, bias, matrix]
  const logits = (x: tf.Tensor) =>
    tf.tidy(() => {
      const maps = tf.conv2d(x as tf.Tensor4D, filters as tf.Tensor4D, 1, 'same')
      const normal = tf.localResponseNormalization(tf.relu(tf.add(maps, bias)) as tf.Tensor4D, 2)
      const pooled = tf.maxPool(normal as tf.Tensor4D, 3, 2, 'valid')
      return tf.matMul(tf.reshape(pooled, [-1, 4 * 4 * 8]), matrix as tf.Tensor2D)
    })
  return {
    weights,
    logits,
    async step() {
      const { value, grads } = tf.variableGrads(
        () => tf.losses.softmaxCrossEntropy(labels, logits(pictures)) as tf.Scalar,
        weights,
      )
      try {
        const [loss] = await value.data()
        tf.tidy(() => {
          for (const weight of weights) {
            weight.assign(tf.sub(weight, tf.mul(grads[weight.name]!, 0.1)))
          }
        })
        return loss!
      } finally {
        tf.dispose([value, grads])
      }
    },
    dispose() {
      tf.dispose([...weights, pictures, labels])
    },
  }
}

/** Takes the current backend's context away, as a driver's reset would. */
export function loseContext(): void {
  const { gl } = (tf.backend() as unknown as { gpgpu: { gl: WebGL2RenderingContext } }).gpgpu
  gl.getExtension('WEBGL_lose_context')!.loseContext()
}
