// Winograd's transform of a filter is kept with it, and pictures of other sizes, as a network without fully connected
// layers takes them, may need another.

import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, it } from 'vitest'
import { randoms, useCpu } from '../testing/start.ts'

beforeAll(() => useCpu())

it('one filter convolves pictures of any sizes, one after the other, as a fresh one does', () => {
  const values = randoms(3 * 3 * 64 * 64, 1)
  const shape: [number, number, number, number] = [3, 3, 64, 64]
  const filter = tf.tensor4d(values, shape)
  const sizes = [3, 5, 4, 13, 6, 7, 3, 8, 10]
  for (const height of sizes) {
    for (const width of sizes) {
      tf.tidy(() => {
        const x = tf.tensor4d(randoms(height * width * 64, height + width), [1, height, width, 64])
        const fresh = tf.conv2d(x, tf.tensor4d(values, shape), 1, 'same').dataSync()
        expect(tf.conv2d(x, filter, 1, 'same').dataSync(), `${height}×${width}`).toEqual(fresh)
      })
    }
  }
  filter.dispose()
})

it('one filter convolves by several strides, one after the other, as a fresh one does', () => {
  const values = randoms(5 * 5 * 32 * 32, 1)
  const shape: [number, number, number, number] = [5, 5, 32, 32]
  const filter = tf.tensor4d(values, shape)
  for (const stride of [2, 1, 3, 2, 1]) {
    tf.tidy(() => {
      const x = tf.tensor4d(randoms(30 * 30 * 32, stride), [1, 30, 30, 32])
      const fresh = tf.conv2d(x, tf.tensor4d(values, shape), stride, 'same').dataSync()
      expect(tf.conv2d(x, filter, stride, 'same').dataSync(), `${stride}`).toEqual(fresh)
    })
  }
  filter.dispose()
})
