import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import type { Suite } from './backends.ts'
import { drawer, drawn, randoms, scoped } from './compare.ts'

type Nested = number | Nested[]

/** The elements of a tensor at the places that each axis lists, out of nested arrays. */
function pick(nested: Nested, axes: number[][]): number[] {
  const [places, ...rest] = axes
  if (!places) return [nested as number]
  return places.flatMap((place) => pick((nested as Nested[])[place]!, rest))
}

const range = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i)

export const copies: Suite = (backend) => {
  it('slices, splits, concatenates and pads 100 random boxes', async () => {
    const draw = drawer(9)
    for (let n = 0; n < drawn(backend, 100); n++) {
      const shape = Array.from({ length: draw(1, 4) }, () => draw(1, 9))
      const begin = shape.map((length) => draw(0, length - 1))
      const size = shape.map((length, a) => draw(1, length - begin[a]!))
      const paddings = shape.map(() => [draw(0, 2), draw(0, 2)] as [number, number])
      const axis = draw(0, shape.length - 1)
      const x = randoms(tf.util.sizeFromShape(shape), n)
      await scoped(async () => {
        const X = tf.tensor(x, shape)
        const nested = (await X.array()) as Nested
        const whole = shape.map((length) => range(0, length))
        const along = (places: number[]) => pick(nested, whole.with(axis, places))
        const numbers = async (t: tf.Tensor) => [...(await t.data())]
        const box = begin.map((first, a) => range(first, size[a]!))
        expect(await numbers(tf.slice(X, begin, size))).toEqual(pick(nested, box))
        const [head, tail] = tf.split(X, [1, shape[axis]! - 1], axis)
        expect(await numbers(head!)).toEqual(along([0]))
        expect(await numbers(tail!)).toEqual(along(range(1, shape[axis]! - 1)))
        const twice = [...whole[axis]!, ...whole[axis]!, 0]
        expect(await numbers(tf.concat([X, X, head!], axis))).toEqual(along(twice))
        const padded = tf.pad(X, paddings, 0.5)
        const inside = tf.slice(
          padded,
          paddings.map(([before]) => before),
          shape,
        )
        expect(await numbers(inside)).toEqual([...x])
        const border = padded.size - X.size
        const sum = (values: number[]) => values.reduce((total, v) => total + v, 0)
        expect(sum(await numbers(padded)) - sum([...x])).toBeCloseTo(border / 2, 3)
      })
    }
  })

  it('on the halves of a grouped convolution', async () => {
    const x = randoms(2 * 13 * 13 * 384, 1)
    await scoped(async () => {
      const [first, second] = tf.split(tf.tensor4d(x, [2, 13, 13, 384]), 2, 3)
      const swapped = x.map((_, i) => x[i - (i % 384) + ((i + 192) % 384)]!)
      expect(await tf.concat([second!, first!], 3).data()).toEqual(swapped)
    })
  })
}
