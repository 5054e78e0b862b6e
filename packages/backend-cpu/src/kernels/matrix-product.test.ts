import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  drawer,
  expectClose,
  matrixProduct,
  randoms,
  useCpu,
  values,
} from '../testing/reference.ts'

function check(rows: number, depth: number, columns: number, seed: number): void {
  const a = randoms(rows * depth, seed)
  const b = randoms(depth * columns, seed + 1)
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      const expected = matrixProduct(a, b, [rows, depth, columns], transposeA, transposeB)
      const found = values(() =>
        tf.matMul(
          tf.tensor2d(a, transposeA ? [depth, rows] : [rows, depth]),
          tf.tensor2d(b, transposeB ? [columns, depth] : [depth, columns]),
          transposeA,
          transposeB,
        ),
      )
      expectClose(found, expected, depth, `${rows}×${depth}×${columns} ${transposeA} ${transposeB}`)
    }
  }
}

describe.each(['simd', 'relaxed-simd'] as const)('matrix product, %s build', (build) => {
  beforeAll(() => useCpu({ build }))

  it.each([
    [1, 9216, 40],
    [16, 1000, 300],
    [3, 300, 4099],
    [300, 16, 520],
    [97, 257, 9],
    [1, 1, 1],
  ])('%i × %i × %i in all transpositions', (m, k, n) => check(m, k, n, 5))

  it('on 60 random shapes', () => {
    const draw = drawer(3)
    for (let n = 0; n < 60; n++) check(draw(1, 130), draw(1, 300), draw(1, 40), n)
  })

  it('broadcasts batches', () => {
    const a = randoms(2 * 3 * 4 * 5, 1)
    const b = randoms(5 * 6, 2)
    const y = values(() => tf.matMul(tf.tensor4d(a, [2, 3, 4, 5]), tf.tensor4d(b, [1, 1, 5, 6])))
    expectClose(y, matrixProduct(a, b, [24, 5, 6], false, false), 5)
    const c = randoms(2 * 1 * 5 * 3, 3)
    const crossed = () => tf.matMul(tf.tensor4d(a, [2, 3, 4, 5]), tf.tensor4d(c, [2, 1, 5, 3]))
    expect(() => values(crossed)).not.toThrow()
  })

  it('of no depth is zero', () => {
    const y = values(() =>
      tf.matMul(tf.zeros([2, 0]) as tf.Tensor2D, tf.zeros([0, 3]) as tf.Tensor2D),
    )
    expect([...y]).toEqual([0, 0, 0, 0, 0, 0])
  })

  it('fuses bias and activation', () => {
    const a = randoms(7 * 20, 1)
    const b = randoms(20 * 11, 2)
    const bias = randoms(11, 3)
    const expected = matrixProduct(a, b, [7, 20, 11], false, false).map((v, i) =>
      Math.max(0, v + bias[i % 11]!),
    )
    const y = values(() =>
      tf.fused.matMul({
        a: tf.tensor2d(a, [7, 20]),
        b: tf.tensor2d(b, [20, 11]),
        transposeA: false,
        transposeB: false,
        bias: tf.tensor1d(bias),
        activation: 'relu',
      }),
    )
    expectClose(y, expected, 20)
  })

  it('says which dimensions differ', () => {
    expect(() =>
      tf.matMul(tf.zeros([2, 3]) as tf.Tensor2D, tf.zeros([4, 5]) as tf.Tensor2D),
    ).toThrow(/3.*4/)
  })
})
