// Places of the largest and smallest as tfjs's cpu has them, with NaN and infinities, ties, and axes of any place.

import { useBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import { afterAll, expect, it } from 'vitest'
import { cpu } from '../index.ts'

afterAll(() => tf.removeBackend('alexnet-cpu'))

const SHAPES = [
  [1],
  [9],
  [40_003],
  [7, 3000],
  [3000, 7],
  [2, 30, 5, 6],
  [4, 1, 6],
  [3, 5, 1],
  [6, 4100],
]
/** Few, so that there are ties; some that nothing compares with. */
const VALUES = [-2, -1, 0, -0, 1, 2, Number.NaN, Infinity, -Infinity]

it('argMax and argMin are those of tfjs cpu', async () => {
  let state = 1
  const value = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return VALUES[(state >>> 16) % (state % 5 === 0 ? VALUES.length : 6)]!
  }
  await useBackend([cpu({ threads: 2 })])
  for (const shape of SHAPES) {
    const numbers = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, value)
    for (const find of [tf.argMax, tf.argMin]) {
      for (const axis of shape.keys()) {
        const on = async (name: string) => {
          await tf.setBackend(name)
          const result = tf.tidy(() => find(tf.tensor(numbers, shape), axis))
          expect(result.dtype).toBe('int32')
          const found = { shape: result.shape, places: [...result.dataSync()] }
          result.dispose()
          return found
        }
        expect(await on('alexnet-cpu')).toEqual(await on('cpu'))
      }
    }
  }
})
