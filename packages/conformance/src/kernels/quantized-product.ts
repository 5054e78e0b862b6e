import * as tf from '@tensorflow/tfjs'
import { it } from 'vitest'
import type { Suite } from './backends.ts'
import { drawer, drawn, expectClose, randoms, scoped, summationBound } from './compare.ts'

type Format = 'int8' | 'float16'

/** A matrix that int8 with a scale for each column holds exactly; a column of zeros among them. */
function levels(depth: number, columns: number, seed: number): Float32Array {
  const matrix = randoms(depth * columns, seed).map((value) => Math.round(value * 127))
  for (let j = 0; j < columns; j++) {
    matrix[(j % depth) * columns + j] = j % 2 === 0 ? 127 : -127
    const scale = j % 7 === 3 ? 0 : Math.fround(0.003 * (1 + j))
    for (let k = 0; k < depth; k++) matrix[k * columns + j]! *= scale
  }
  return matrix
}

/** The nearest half-precision number, ties to even. */
function half(value: number): number {
  if (value === 0) return 0
  const unit = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(value)))) - 10)
  const floor = Math.floor(value / unit)
  const rest = value / unit - floor
  return (floor + Number(rest > 0.5 || (rest === 0.5 && floor % 2 !== 0))) * unit
}

async function check(format: Format, [rows, depth, columns]: number[], seed: number) {
  const [m, n, d] = [rows!, columns!, depth!]
  const x = randoms(m * d, seed + 2000)
  const bias = seed % 3 === 0 ? undefined : randoms(n, seed + 3000)
  const matrix = format === 'int8' ? levels(d, n, seed) : randoms(d * n, seed)
  const stored = format === 'int8' ? Float64Array.from(matrix) : Float64Array.from(matrix, half)
  const expected = new Float64Array(m * n)
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) expected[i * n + j] = bias?.[j] ?? 0
    for (let k = 0; k < d; k++) {
      const factor = x[i * d + k]!
      for (let j = 0; j < n; j++) expected[i * n + j]! += factor * stored[k * n + j]!
    }
  }
  await scoped(async () => {
    const inputs = {
      x: tf.tensor2d(x, [m, d]),
      matrix: tf.tensor2d(matrix, [d, n]),
      ...(bias && { bias: tf.tensor1d(bias) }),
    }
    const what = `${format} ${m}×${d}×${n}`
    const run = () => tf.engine().runKernel('QuantizedMatMul', inputs, { format }) as tf.Tensor
    await expectClose(run(), expected, summationBound(d), what)
    // By the matrix as it was kept the first time.
    await expectClose(run(), expected, summationBound(d), `${what}, again`)
  })
}

export const quantizedProduct: Suite = (backend) => {
  if (!backend.quantized) {
    it.skip('skipped: it has no products by weights in int8 or half precision', () => {})
    return
  }
  // An eighth of the layer's width: the depth decides the errors.
  it.runIf(backend.fast).each(['int8', 'float16'] as const)(
    "%s weights of fc6's depth",
    async (format) => {
      await check(format, [1, 9216, 512], 1)
    },
  )

  it('int8 and half-precision weights on 60 random shapes', async () => {
    const draw = drawer(31)
    for (let n = 0; n < drawn(backend, 60); n++) {
      const shape = [draw(1, n % 5 === 0 ? 40 : 9), draw(1, n % 4 === 0 ? 2100 : 130), draw(1, 70)]
      await check(n % 2 === 0 ? 'int8' : 'float16', shape, n)
    }
  })
}
