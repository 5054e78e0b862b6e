// Weight-only quantisation of a model's fully connected layers, on the user's word alone. A backend takes part by
// a kernel of a name of ours, QuantizedMatMul: x [rows, depth] · matrix [depth, columns] + bias, with the attribute
// `format` and inputs in float32, of which it keeps the matrix in that format for as long as the matrix lives.

import * as tf from '@tensorflow/tfjs'
import { hasKernel, runKernel } from './custom-kernels.ts'

/** Number formats of stored weights. */
export type WeightFormat = 'int8' | 'float16'

export interface QuantizedLayers {
  /** Names of the layers that changed. */
  layers: string[]
  /** Bytes that one inference reads of their weights, instead of four for each. */
  bytes: number
  /** Has the layers use their float32 weights again. */
  restore(): void
}

/** What of tfjs's Dense layer is used here; its types keep these to themselves. */
interface Dense extends tf.layers.Layer {
  kernel: tf.LayerVariable
  bias: tf.LayerVariable | null
  activation: { apply(x: tf.Tensor): tf.Tensor }
}

const sizes = { int8: 1, float16: 2 }

/**
 * Has inference of a model's dense layers use weights of int8 (with a scale for each output, the largest
 * weight ÷ 127) or half precision; inputs, sums and biases stay float32. It pays for one picture or a few,
 * where these layers are bound by reading their weights. Training (`training: true`) still uses, and
 * changes, the float32 weights, which are kept; the small ones are made again when they change. Needs
 * the backend of @alexnet/backend-cpu or @alexnet/backend-webgpu to be the current one, then and whenever the
 * model runs.
 *
 * @throws Error when the current backend is another, or the model has no dense layer.
 */
export function quantizeLinear(model: tf.LayersModel, format: WeightFormat): QuantizedLayers {
  if (format !== 'int8' && format !== 'float16') {
    throw new Error(`quantizeLinear: format '${format}' is neither 'int8' nor 'float16'`)
  }
  if (!hasKernel('QuantizedMatMul')) {
    throw new Error(
      `quantizeLinear: the current backend '${tf.getBackend()}' cannot multiply quantised weights; ` +
        'start that of @alexnet/backend-cpu or @alexnet/backend-webgpu first: await useBackend([cpu()])',
    )
  }
  const dense = model.layers.filter((layer) => layer.getClassName() === 'Dense') as Dense[]
  if (dense.length === 0) {
    const found = model.layers.map((layer) => layer.name).join(', ')
    throw new Error(`quantizeLinear: the model has no dense layer (its layers: ${found})`)
  }
  let bytes = 0
  const restores = dense.map((layer) => {
    const [depth, columns] = layer.kernel.shape as [number, number]
    bytes += columns * (depth * sizes[format] + 4)
    const own = Object.hasOwn(layer, 'call') ? layer.call : undefined
    const plain = layer.call.bind(layer)
    layer.call = (inputs, kwargs) =>
      kwargs?.training === true ? plain(inputs, kwargs) : apply(layer, inputs, format)
    return () => {
      if (own) layer.call = own
      else delete (layer as Partial<Dense>).call
    }
  })
  return {
    layers: dense.map((layer) => layer.name),
    bytes,
    restore: () => {
      for (const restore of restores) restore()
    },
  }
}

function apply(layer: Dense, inputs: tf.Tensor | tf.Tensor[], format: WeightFormat): tf.Tensor {
  return tf.tidy(() => {
    const input = Array.isArray(inputs) ? inputs[0]! : inputs
    const matrix = layer.kernel.read()
    const [depth, columns] = matrix.shape as [number, number]
    const x = tf.reshape(input, [-1, depth])
    const operands = { x, matrix, ...(layer.bias && { bias: layer.bias.read() }) }
    const y: tf.Tensor = runKernel('QuantizedMatMul', operands, { format })
    return layer.activation.apply(tf.reshape(y, [...input.shape.slice(0, -1), columns]))
  })
}
