import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import type { Suite } from './backends.ts'
import { drawer, drawn, expectClose, randoms, scoped, summationBound, values } from './compare.ts'

/** a[rows, depth] · b[depth, columns] in float64. */
function multiply(
  a: Float32Array,
  b: Float32Array,
  [rows, depth, columns]: [number, number, number],
): Float64Array {
  const result = new Float64Array(rows * columns)
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < depth; k++) {
      const factor = a[i * depth + k]!
      for (let j = 0; j < columns; j++) {
        result[i * columns + j]! += factor * b[k * columns + j]!
      }
    }
  return result
}

const answers = new Map<string, Float64Array>()

/** All four transpositions, which are also the product's gradients. */
async function check(rows: number, depth: number, columns: number, seed: number): Promise<void> {
  const a = randoms(rows * depth, seed)
  const b = randoms(depth * columns, seed + 1000)
  const key = `${seed} ${rows} ${depth} ${columns}`
  const expected = answers.get(key) ?? multiply(a, b, [rows, depth, columns])
  answers.set(key, expected)
  await scoped(async () => {
    const A = tf.tensor2d(a, [rows, depth])
    const B = tf.tensor2d(b, [depth, columns])
    const turnedA = tf.transpose(A)
    const turnedB = tf.transpose(B)
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        const product = tf.matMul(
          transposeA ? turnedA : A,
          transposeB ? turnedB : B,
          transposeA,
          transposeB,
        )
        const what = `${rows}×${depth}×${columns} ${transposeA} ${transposeB}`
        await expectClose(product, expected, summationBound(depth), what)
      }
    }
  })
}

export const matrixProduct: Suite = (backend) => {
  const { fast, share = 1, crossedBatches } = backend
  // An eighth of a layer's width for a software driver; the depth, which decides the errors, stays.
  const cut = (width: number) => (share < 1 && width >= 1000 ? width / 8 : width)

  it.runIf(fast).each([
    ['fc6, batch 1', 1, 9216, 4096],
    ['fc7, batch 16', 16, 4096, 4096],
    ['fc8, batch 32', 32, 4096, 1000],
    ["fc8's weight gradient", 4096, 32, 1000],
    ["fc7's weight gradient", 4096, 2, 4096],
    ['many rows', 300, 1000, 520],
  ])('%s', (_, rows, depth, columns) => check(cut(rows), depth, cut(columns), 5))

  it('on 100 random shapes', async () => {
    const draw = drawer(3)
    const most = fast ? [130, 300] : [40, 60]
    await check(1, 1, 1, 1)
    for (let n = 0; n < drawn(backend, 100); n++)
      await check(draw(1, most[0]!), draw(1, most[1]!), draw(1, 40), n)
  })

  it('its gradients', async () => {
    const [rows, depth, columns] = [7, 30, 19]
    const a = randoms(rows * depth, 1)
    const b = randoms(depth * columns, 2)
    const dy = randoms(rows * columns, 3)
    const turn = (m: Float32Array, width: number) =>
      m.map((_, i) => m[(i % (m.length / width)) * width + Math.floor((i * width) / m.length)]!)
    await scoped(async () => {
      const [da, db] = tf.grads((x, y) => tf.matMul(x!, y!))(
        [tf.tensor2d(a, [rows, depth]), tf.tensor2d(b, [depth, columns])],
        tf.tensor2d(dy, [rows, columns]),
      )
      const expectedA = multiply(dy, turn(b, columns), [rows, columns, depth])
      const expectedB = multiply(turn(a, depth), dy, [depth, rows, columns])
      await expectClose(da!, expectedA, summationBound(columns), 'da')
      await expectClose(db!, expectedB, summationBound(rows), 'db')
    })
  })

  it('broadcasts batches', async () => {
    const a = randoms(2 * 3 * 4 * 5, 1)
    const b = randoms(5 * 6, 2)
    const y = await values(() =>
      tf.matMul(tf.tensor4d(a, [2, 3, 4, 5]), tf.tensor4d(b, [1, 1, 5, 6])),
    )
    await expectClose(y, multiply(a, b, [24, 5, 6]), summationBound(5), 'one right factor')
    const c = randoms(2 * 1 * 5 * 3, 3)
    const crossed = await values(() =>
      tf.matMul(tf.tensor4d(a, [2, 3, 4, 5]), tf.tensor4d(c, [2, 1, 5, 3])),
    )
    const halves = [0, 1].map((i) =>
      multiply(a.slice(i * 60, i * 60 + 60), c.slice(i * 15, i * 15 + 15), [12, 5, 3]),
    )
    const expected = Float64Array.from(halves.flatMap((half) => [...half]))
    if (crossedBatches) {
      expect(crossed, crossedBatches).not.toEqual(Float32Array.from(expected))
      return
    }
    await expectClose(crossed, expected, summationBound(5), 'along different axes')
  })

  it('of no depth is zero', async () => {
    const y = await values(() =>
      tf.matMul(tf.zeros([2, 0]) as tf.Tensor2D, tf.zeros([0, 3]) as tf.Tensor2D),
    )
    expect([...y]).toEqual([0, 0, 0, 0, 0, 0])
  })

  it.each([1, 7, 100])('fuses bias and activation over %i rows', async (rows) => {
    const a = randoms(rows * 20, 1)
    const b = randoms(20 * 11, 2)
    const bias = randoms(11, 3)
    const expected = multiply(a, b, [rows, 20, 11]).map((v, i) => Math.max(0, v + bias[i % 11]!))
    const y = await values(() =>
      tf.fused.matMul({
        a: tf.tensor2d(a, [rows, 20]),
        b: tf.tensor2d(b, [20, 11]),
        transposeA: false,
        transposeB: false,
        bias: tf.tensor1d(bias),
        activation: 'relu',
      }),
    )
    await expectClose(y, expected, summationBound(20), 'fused')
  })

  it('says which dimensions differ', () => {
    expect(() =>
      tf.matMul(tf.zeros([2, 3]) as tf.Tensor2D, tf.zeros([4, 5]) as tf.Tensor2D),
    ).toThrow(/3.*4/)
  })
}
