// The window of a pool's unit and its largest place, against TensorFlow.js' own pools.
import { AveragePooling, MaxPooling } from '@alexnet/core/layers'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, it } from 'vitest'
import { poolWindow } from './pooled.ts'

const SIDE = 9
const input = Float32Array.from({ length: SIDE * SIDE * 3 }, (_, index) => Math.sin(index * index))

beforeAll(() => tf.setBackend('cpu'))

/** A ReLU that lets all of the picture through as maps, and a pool behind it. */
function networkOf(pool: tf.layers.Layer): tf.LayersModel {
  return tf.sequential({
    layers: [
      tf.layers.inputLayer({ inputShape: [SIDE, SIDE, 3] }),
      tf.layers.activation({ activation: 'linear', name: 'before' }),
      pool,
      tf.layers.flatten(),
      tf.layers.dense({ units: 2 }),
    ],
  })
}

it('rings the largest place, as tf.maxPoolWithArgmax finds it', async () => {
  const network = networkOf(new MaxPooling({ name: 'pool', poolSize: 3, strides: 2 }))
  const picture = tf.tensor4d(input, [1, SIDE, SIDE, 3])
  const pooled = tf.maxPoolWithArgmax(picture, 3, 2, 'valid')
  const [values, at] = [pooled.result!.dataSync(), pooled.indexes!.dataSync()]
  for (const [row, column, channel] of [
    [0, 0, 0],
    [2, 3, 1],
    [3, 3, 2],
  ] as const) {
    const found = (await poolWindow(network, input, 'pool', { row, column, channel }, []))!
    const place = (row * 4 + column) * 3 + channel
    const { window } = found.seen
    expect(window).toEqual({ top: 2 * row, left: 2 * column, height: 3, width: 3 })
    expect(found.patch).toMatchObject({ width: 3, height: 3 })
    const { winner } = found
    expect(winner!.value).toBe(values[place])
    const y = window.top + winner!.row
    const x = window.left + winner!.column
    expect((y * SIDE + x) * 3 + channel).toBe(at[place])
  }
})

it('ends at the border where sizes round up and where there is padding', async () => {
  const network = networkOf(
    new MaxPooling({ name: 'pool', poolSize: 3, strides: 3, padding: 1, ceilMode: true }),
  )
  const maps = network.layers[2]!.apply(tf.tensor4d(input, [1, SIDE, SIDE, 3])) as tf.Tensor4D
  const values = (await maps.array())[0]!
  expect(values).toHaveLength(4)
  const corners = [
    [0, { top: 0, left: 0, height: 2, width: 2 }],
    [3, { top: 8, left: 8, height: 1, width: 1 }],
  ] as const
  for (const [at, window] of corners) {
    const place = { row: at, column: at, channel: 1 }
    const found = (await poolWindow(network, input, 'pool', place, []))!
    expect(found.seen.window).toEqual(window)
    expect(found.winner!.value).toBe(values[at]![at]![1])
  }
})

it('has no winner in an average, and no window elsewhere', async () => {
  const network = networkOf(new AveragePooling({ name: 'pool', poolSize: 2 }))
  const place = { row: 1, column: 1, channel: 0 }
  const found = (await poolWindow(network, input, 'pool', place, []))!
  expect(found.winner).toBe(undefined)
  expect(found.seen.window).toEqual({ top: 2, left: 2, height: 2, width: 2 })
  expect(await poolWindow(network, input, 'before', place, [])).toBe(undefined)
})
