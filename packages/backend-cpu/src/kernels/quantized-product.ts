// QuantizedMatMul, a kernel that tfjs does not have: x · matrix + bias with the matrix in int8 (a scale for
// each output) or half precision, x and the sums in float32. The quantised form is made when it is first
// used and kept with the matrix's tensor until that is disposed or changed. Its layout:
// quantized-product.as. quantizeLinear of @alexnet/core has a model use it.

import { customKernel } from '@alexnet/backend/kernels'
import type { AlexNetCpuBackend } from '../backend.ts'
import {
  QUANTIZED_STRIP,
  quantizedProductParameters,
  quantizeParameters,
} from '../generated/layout.ts'

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

export const quantizedMatMul = customKernel<'QuantizedMatMul', AlexNetCpuBackend>(
  'QuantizedMatMul',
  ({ inputs: { x, matrix, bias }, attrs: { format }, backend }) => {
    const [rows, depth] = x.shape as [number, number]
    const [, columns] = matrix.shape as [number, number]
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
)
