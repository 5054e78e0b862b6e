// QuantizedMatMul, a kernel that tfjs does not have: x · matrix + bias with the matrix in int8 (a scale for
// each output) or half precision, x and the sums in float32. The quantised form is made when it is first
// used and kept with the matrix's tensor until that is disposed or changed. Its layout:
// quantized-product.as. quantizeLinear of @alexnet/core has a model use it.

import * as tf from '@tensorflow/tfjs'
import {
  QUANTIZED_STRIP,
  quantizedProductParameters,
  quantizeParameters,
} from '../generated/layout.ts'
import type { Kernel } from './kernel.ts'

/** Number formats of stored matrices. */
type WeightFormat = 'int8' | 'float16'

const sizes = { int8: 1, float16: 2 }

/** Bytes of a stored matrix [depth, columns], its scales (at the end) included. */
function storedBytes(format: WeightFormat, depth: number, columns: number): number {
  return matrixBytes(format, depth, columns) + columns * 4
}

function matrixBytes(format: WeightFormat, depth: number, columns: number): number {
  const strips = Math.ceil(columns / QUANTIZED_STRIP)
  return strips * QUANTIZED_STRIP * Math.ceil(depth / 8) * 8 * sizes[format]
}

/** Inputs x [rows, depth], matrix [depth, columns], bias [columns] or none; attribute format. */
export const quantizedMatMul: Kernel = {
  name: 'QuantizedMatMul',
  run(call, fallback) {
    const { inputs, attrs, backend } = call
    const { x, matrix, bias } = inputs as Record<string, tf.TensorInfo | undefined>
    const given = [x, matrix, ...(bias ? [bias] : [])]
    if (!x || !matrix || !given.every((tensor) => tensor?.dtype === 'float32'))
      return fallback(call)
    const format = attrs.format as WeightFormat
    const [rows, depth] = x.shape as [number, number]
    const [innerDepth, columns] = matrix.shape as [number, number]
    if (depth !== innerDepth || (bias && tf.util.sizeFromShape(bias.shape) !== columns)) {
      throw new Error(
        `QuantizedMatMul: x [${x.shape}], matrix [${matrix.shape}] and bias [${bias?.shape}] do not fit`,
      )
    }
    const { engine } = backend
    const size = sizes[format]
    const source = backend.address(matrix)
    const strips = Math.ceil(columns / QUANTIZED_STRIP)
    const scalesAt = matrixBytes(format, depth, columns)
    const stored = backend.prepared(
      matrix,
      `${format} form`,
      storedBytes(format, depth, columns),
      (address) => {
        const values = { matrix: source, stored: address, scales: address + scalesAt }
        engine.run('quantize', quantizeParameters, { ...values, columns, depth, size }, strips)
      },
    )
    const left = backend.address(x)
    const start = bias ? backend.address(bias) : 0
    const { info, address } = backend.allocate([rows, columns], 'QuantizedMatMul')
    const scratch = engine.scratch(QUANTIZED_STRIP * 4)
    const values = {
      left,
      right: stored,
      scales: stored + scalesAt,
      start,
      result: address,
      scratch,
    }
    engine.run(
      'quantizedProduct',
      quantizedProductParameters,
      { ...values, rows, columns, depth, size },
      strips,
    )
    return info
  },
}
