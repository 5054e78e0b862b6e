import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import { batchPlaces } from './batch-places.ts'

it.each<[number[], number[]]>([
  [[], []],
  [[], [2, 3]],
  [[1], [4]],
  [[3], [2, 3]],
  [
    [2, 1],
    [2, 3],
  ],
  [
    [2, 1, 3],
    [2, 4, 3],
  ],
  [
    [1, 5],
    [2, 5],
  ],
])('of batches %j in a product of %j are those that tfjs broadcasts', async (shape, outer) => {
  await tf.setBackend('cpu')
  const size = tf.util.sizeFromShape(shape)
  const numbers = tf.tidy(() => tf.range(0, size).reshape(shape).broadcastTo(outer).dataSync())
  expect(batchPlaces(shape, outer)).toEqual([...numbers])
})
