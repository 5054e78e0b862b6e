// FusedBatchNorm: tf.batchNorm with one mean, variance, scale and offset a channel. Statistics of another size, which
// tfjs goes through in turn, are left to it. (Training's statistics are sums and products, and so are its gradients.)

import * as tf from '@tensorflow/tfjs'
import { batchNormalizationParameters } from '../generated/layout.ts'
import type { Kernel } from './kernel.ts'

const TASK_ELEMENTS = 65536
/** What tfjs takes where nothing is given. */
const EPSILON = 1e-3

export const fusedBatchNorm: Kernel = {
  name: 'FusedBatchNorm',
  run(call, fallback) {
    const { inputs, attrs, backend } = call
    const x = inputs.x!
    const { mean, variance, scale, offset } = inputs as Record<string, tf.TensorInfo | undefined>
    const channels = x.shape.at(-1) ?? 0
    const given = [mean!, variance!, scale, offset].filter(
      (one) => one !== undefined && one !== null,
    )
    const covered = given.every(
      ({ dtype, shape }) =>
        dtype === 'float32' &&
        shape.length === mean!.shape.length &&
        shape.at(-1) === channels &&
        tf.util.sizeFromShape(shape) === channels,
    )
    const count = tf.util.sizeFromShape(x.shape)
    if (x.dtype !== 'float32' || count === 0 || !covered) return fallback(call)
    const { memory } = backend.engine
    const source = backend.address(x)
    for (const one of given) backend.address(one)
    const { info, address } = backend.allocate(x.shape, 'batchNorm')
    const coefficients = memory.allocate(3 * channels * 4, () => 'coefficients of batchNorm')
    const numbers = (one: tf.TensorInfo | undefined | null) =>
      one ? memory.floats(backend.address(one), channels) : undefined
    const [means, variances, scales, offsets] = [mean, variance, scale, offset].map(numbers)
    const epsilon = (attrs.varianceEpsilon as number | undefined) ?? EPSILON
    const table = memory.floats(coefficients, 3 * channels)
    for (let channel = 0; channel < channels; channel++) {
      table[channel] = means![channel]!
      table[channels + channel] =
        (scales?.[channel] ?? 1) / Math.sqrt(variances![channel]! + epsilon)
      table[2 * channels + channel] = offsets?.[channel] ?? 0
    }
    const rows = count / channels
    const taskRows = Math.max(1, Math.floor(TASK_ELEMENTS / channels))
    const values = { x: source, result: address, coefficients, rows, channels, taskRows }
    try {
      backend.engine.run(
        'batchNormalization',
        batchNormalizationParameters,
        values,
        Math.ceil(rows / taskRows),
      )
    } finally {
      memory.free(coefficients)
    }
    return info
  },
}
