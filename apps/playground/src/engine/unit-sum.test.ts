// A unit's sum, against what TensorFlow.js' own convolution gives at that place.
import { Convolution } from '@alexnet/core/layers'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, it } from 'vitest'
import { unitSum } from './unit-sum.ts'

let network: tf.LayersModel
const input = Float32Array.from({ length: 9 * 9 * 3 }, (_, index) => Math.sin(index))

beforeAll(async () => {
  await tf.setBackend('cpu')
  const random = () => tf.initializers.randomNormal({ stddev: 1, seed: 7 })
  const convolution = (name: string, settings: object) =>
    new Convolution({
      name,
      kernelSize: 3,
      biasInitializer: random(),
      kernelInitializer: random(),
      ...settings,
    } as ConstructorParameters<typeof Convolution>[0])
  network = tf.sequential({
    layers: [
      tf.layers.inputLayer({ inputShape: [9, 9, 3] }),
      convolution('first', { filters: 12, strides: 2, padding: 1 }),
      tf.layers.activation({ activation: 'relu', name: 'on' }),
      convolution('grouped', { filters: 8, padding: 1, groups: 2 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 2 }),
    ],
  })
})

const valueAt = (name: string, { row, column, channel }: Record<string, number>) =>
  tf.tidy(() => {
    const until = tf.model({
      inputs: network.inputs,
      outputs: network.getLayer(name).output as tf.SymbolicTensor,
    })
    const maps = until.predict(tf.tensor4d(input, [1, 9, 9, 3])) as tf.Tensor4D
    return (maps.arraySync() as number[][][][])[0]![row!]![column!]![channel!]!
  })

it.each([
  ['first', { row: 2, column: 3, channel: 4 }],
  ['first', { row: 0, column: 4, channel: 11 }],
  ['grouped', { row: 4, column: 0, channel: 1 }],
  ['grouped', { row: 2, column: 2, channel: 7 }],
])('adds up to the unit of %s at %j', async (name, place) => {
  const sum = (await unitSum(network, input, name, place, []))!
  const value = valueAt(name, place)
  expect(sum.total).toBeCloseTo(value, 4)
  const shown = sum.terms.reduce((total, term) => total + term.sum, 0)
  expect(shown + sum.others + sum.bias).toBeCloseTo(value, 4)
  expect(sum.terms[0]!.product).toMatchObject({ width: 3, height: 3 })
  expect(sum.isColour).toBe(name === 'first')
  expect(sum.relu).toEqual(name === 'first' ? Math.max(0, sum.total) : undefined)
  // Padding of one around each: the window may begin before the map.
  const step = name === 'first' ? 2 : 1
  const [top, left] = [step * place.row - 1, step * place.column - 1]
  expect(sum.seen?.window).toEqual(
    name === 'first' ? undefined : { top, left, height: 3, width: 3 },
  )
  // A filter in two groups sees six of the twelve maps: its own.
  expect(sum.channels).toBe(name === 'first' ? 3 : 6)
  if (name === 'grouped') {
    const firsts = sum.terms.map(({ channel }) => Math.floor(channel / 6))
    expect(new Set(firsts)).toEqual(new Set([place.channel < 4 ? 0 : 1]))
    const kernel = network.getLayer(name).getWeights()[0]!
    const sizes = tf.tidy(() => tf.sum(tf.abs(kernel), [0, 1]).arraySync()) as number[][]
    const own = sizes.map((row) => row[place.channel]!)
    expect(sum.seen!.channel % 6).toBe(own.indexOf(Math.max(...own)))
  }
})

it('is none where there is no convolution', async () => {
  const place = { row: 0, column: 0, channel: 0 }
  expect(await unitSum(network, input, 'on', place, [])).toBe(undefined)
})
