import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import type { Suite } from './backends.ts'
import { drawer, drawn, expectClose, randoms, scoped, values } from './compare.ts'

type Of2 = (a: number, b: number) => number

/** Operation, reference, and derivatives by a and by b. */
const binary: Record<string, [(a: tf.Tensor, b: tf.Tensor) => tf.Tensor, Of2, Of2, Of2]> = {
  add: [tf.add, (a, b) => a + b, () => 1, () => 1],
  sub: [tf.sub, (a, b) => a - b, () => 1, () => -1],
  mul: [tf.mul, (a, b) => a * b, (_, b) => b, (a) => a],
  div: [tf.div, (a, b) => a / b, (_, b) => 1 / b, (a, b) => -a / b ** 2],
  maximum: [tf.maximum, Math.max, (a, b) => Number(a >= b), (a, b) => Number(a < b)],
  minimum: [tf.minimum, Math.min, (a, b) => Number(a <= b), (a, b) => Number(a > b)],
  squaredDifference: [
    tf.squaredDifference,
    (a, b) => (a - b) ** 2,
    (a, b) => 2 * (a - b),
    (a, b) => 2 * (b - a),
  ],
}

const unary: Record<string, [(x: tf.Tensor) => tf.Tensor, (x: number) => number]> = {
  relu: [tf.relu, (x) => Math.max(0, x)],
  relu6: [tf.relu6, (x) => Math.min(6, Math.max(0, x))],
  leakyRelu: [(x) => tf.leakyRelu(x, 0.25), (x) => (x < 0 ? 0.25 * x : x)],
  prelu: [(x) => tf.prelu(x, tf.scalar(0.25)), (x) => (x < 0 ? 0.25 * x : x)],
  neg: [tf.neg, (x) => -x],
  square: [tf.square, (x) => x * x],
  sqrt: [tf.sqrt, Math.sqrt],
  abs: [tf.abs, Math.abs],
  step: [tf.step, (x) => (x > 0 ? 1 : Number.isNaN(x) ? x : 0)],
}

/** Functions that are not exact in float32: reference and derivative. */
const smooth: Record<
  string,
  [(x: tf.Tensor) => tf.Tensor, (x: number) => number, (x: number) => number]
> = {
  tanh: [tf.tanh, Math.tanh, (x) => 1 - Math.tanh(x) ** 2],
  sigmoid: [tf.sigmoid, sigmoid, (x) => sigmoid(x) * (1 - sigmoid(x))],
  ...Object.fromEntries(
    [-1.75, -0.75, 0.25, 0.5, 3, 1.3].map((exponent) => [
      `pow of ${exponent}`,
      [
        (x: tf.Tensor) => tf.pow(tf.abs(x), exponent),
        (x: number) => Math.abs(x) ** exponent,
        (x: number) => Math.sign(x) * exponent * Math.abs(x) ** (exponent - 1),
      ],
    ]),
  ),
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}

/** Index into an operand of a result's element. */
function operandIndex(flat: number, shape: number[], out: number[]): number {
  let at = 0
  let rest = flat
  let step = 1
  for (let axis = 1; axis <= out.length; axis++) {
    const length = shape.at(-axis) ?? 1
    const position = rest % out.at(-axis)!
    rest = Math.floor(rest / out.at(-axis)!)
    if (axis <= shape.length && length > 1) at += position * step
    if (axis <= shape.length) step *= length
  }
  return at
}

const shapes: [number[], number[]][] = [
  [
    [3, 5, 7],
    [3, 5, 7],
  ],
  [[50000], [50000]],
  [[3, 5, 7], []],
  [[1], [9001]],
  [[6, 4, 10], [10]],
  [
    [6, 4, 10],
    [1, 4, 10],
  ],
  [[64], [3, 40, 64]],
  [
    [3, 1, 4],
    [3, 5, 1],
  ],
  [
    [2, 1],
    [2, 3],
  ],
]
const draw = drawer(21)
for (let n = 0; n < 40; n++) {
  const whole = Array.from({ length: draw(1, 4) }, () => draw(1, 9))
  const part = whole.slice(draw(0, whole.length)).map((length) => (draw(0, 2) ? length : 1))
  shapes.push(draw(0, 1) ? [whole, part] : [part, whole])
}

export const elementwise: Suite = (backend) => {
  it.each(Object.keys(binary))('%s with every broadcast, and its gradients', async (name) => {
    const [operation, reference, byA, byB] = binary[name]!
    for (const [aShape, bShape] of shapes.slice(0, 9 + drawn(backend, 40))) {
      const what = `${name} of [${aShape}] and [${bShape}]`
      const a = randoms(tf.util.sizeFromShape(aShape), 1)
      // Away from zero, so that quotients stay within float32's reach.
      const b = randoms(tf.util.sizeFromShape(bShape), 2).map((v) => v + Math.sign(v) * 0.2)
      const out = tf.backend_util.assertAndGetBroadcastShape(aShape, bShape)
      const count = tf.util.sizeFromShape(out)
      // Of one sign, so that sums do not cancel and leave only their errors.
      const dy = randoms(count, 3).map((v) => v + 1.5)
      const y64 = new Float64Array(count)
      const da = new Float64Array(a.length)
      const db = new Float64Array(b.length)
      for (let i = 0; i < count; i++) {
        const [ia, ib] = [operandIndex(i, aShape, out), operandIndex(i, bShape, out)]
        y64[i] = reference(a[ia]!, b[ib]!)
        da[ia]! += dy[i]! * byA(a[ia]!, b[ib]!)
        db[ib]! += dy[i]! * byB(a[ia]!, b[ib]!)
      }
      await scoped(async () => {
        const [A, B] = [tf.tensor(a, aShape), tf.tensor(b, bShape)]
        await expectClose(operation(A, B), y64, 3e-7, what)
        // tfjs's gradients of these do not sum over what was broadcast, on any backend.
        const summed = !/^(maximum|minimum|squaredDifference)$/.test(name)
        if (!summed && !tf.util.arraysEqual(aShape, bShape)) return
        const [ga, gb] = tf.grads((x, y) => operation(x!, y!))([A, B], tf.tensor(dy, out))
        const bound = (terms: number) => 1e-6 + 3e-7 * Math.sqrt(terms)
        await expectClose(ga!, da, bound(count / a.length), `${what}, by a`)
        await expectClose(gb!, db, bound(count / b.length), `${what}, by b`)
      })
    }
  })

  it.each(Object.keys(unary))('%s, with NaN and infinities', async (name) => {
    const [operation, reference] = unary[name]!
    const x = randoms(40003, 3).map((v) => v * 9)
    x.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0], 17)
    expect(await values(() => operation(tf.tensor1d(x)))).toEqual(x.map(reference))
  })

  it.each(Object.keys(smooth))('%s, and its gradient', async (name) => {
    const [operation, reference, derivative] = smooth[name]!
    for (const scale of [0.01, 1, 12]) {
      // Not near zero, where negative powers have no largest value to compare with.
      const x = randoms(40003, 5).map((v) => (v + Math.sign(v) * 0.2) * scale)
      await scoped(async () => {
        const input = tf.tensor1d(x)
        await expectClose(operation(input), Float64Array.from(x, reference), 2e-6, name)
        const gradient = tf.grad(operation)(input)
        await expectClose(gradient, Float64Array.from(x, derivative), 4e-6, `${name}'s gradient`)
      })
    }
  })

  it('tanh and sigmoid of numbers far from zero, and of NaN', async () => {
    const x = [-1e9, -200, -90, 90, 200, 1e9, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    await scoped(async () => {
      await expectClose(tf.tanh(tf.tensor1d(x)), x.map(Math.tanh), 1e-7, 'tanh')
      await expectClose(tf.sigmoid(tf.tensor1d(x)), x.map(sigmoid), 1e-7, 'sigmoid')
    })
    expect(await values(() => tf.tanh(tf.tensor1d([Number.NaN])))).toEqual(
      Float32Array.of(Number.NaN),
    )
  })

  it('leaves whole numbers whole', async () => {
    const sum = tf.tidy(() => tf.add(tf.tensor1d([1, 2], 'int32'), tf.scalar(3, 'int32')))
    expect(sum.dtype).toBe('int32')
    expect([...(await sum.data())]).toEqual([4, 5])
    sum.dispose()
  })

  it('fills with constants of every type', async () => {
    await scoped(async () => {
      const x = tf.tensor2d(randoms(70, 1), [7, 10])
      const constants: [tf.Tensor, tf.DataType, number][] = [
        [tf.zerosLike(x), 'float32', 0],
        [tf.onesLike(x), 'float32', 1],
        [tf.fill([7, 10], 0.5), 'float32', 0.5],
        [tf.fill([7, 10], 3, 'int32'), 'int32', 3],
        [tf.zerosLike(tf.cast(x, 'int32')), 'int32', 0],
        [tf.onesLike(tf.cast(x, 'bool')), 'bool', 1],
      ]
      for (const [tensor, dtype, value] of constants) {
        expect(tensor.dtype).toBe(dtype)
        expect(tensor.shape).toEqual([7, 10])
        expect([...(await tensor.data())]).toEqual(new Array(70).fill(value))
      }
      expect(await tf.zeros([0, 3]).data()).toHaveLength(0)
    })
  })
}
