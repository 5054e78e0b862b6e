// Which maps the drawing shows, by TensorFlow.js' own variance, and that it shows those.
import { Convolution } from '@alexnet/core/layers'
import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import { layerFaces, mostVaried } from './faces.ts'

it('shows the most varied maps of each layer, and units as a strip', async () => {
  await tf.setBackend('cpu')
  const network = tf.sequential({
    layers: [
      tf.layers.inputLayer({ inputShape: [9, 9, 3] }),
      new Convolution({
        name: 'maps',
        filters: 12,
        kernelSize: 3,
        kernelInitializer: tf.initializers.randomNormal({ stddev: 1, seed: 3 }),
      }),
      tf.layers.flatten({ name: 'flat' }),
      tf.layers.dense({ units: 5, name: 'line' }),
    ],
  })
  const input = Float32Array.from({ length: 9 * 9 * 3 }, (_, at) => Math.sin(at * at))
  const maps = network.layers[1]!.apply(tf.tensor4d(input, [1, 9, 9, 3])) as tf.Tensor4D
  const variance = [...tf.moments(maps, [0, 1, 2]).variance.dataSync()]
  const expected = [...variance.keys()].sort((a, b) => variance[b]! - variance[a]!)
  const data = maps.dataSync() as Float32Array
  expect(mostVaried({ height: 7, width: 7, channels: 12, data }, 12)).toEqual(expected)
  const faces = await layerFaces(network, input, [])
  expect(faces.map(({ name, isLine }) => [name, isLine])).toEqual([
    ['maps', false],
    ['flat', true],
    ['line', true],
  ])
  const [first, flat, line] = faces
  expect(first!.face).toMatchObject({ width: 7, height: 7 })
  // Three times three maps and the gaps between and around them.
  expect(first!.preview).toMatchObject({ width: 25, height: 25 })
  expect(flat!.face).toMatchObject({ width: Math.ceil(588 / 64), height: 64 })
  expect(line!.face).toMatchObject({ width: 1, height: 5 })
  // Viridis runs from dark to light: the brightest pixel of the face is the largest value of that map.
  const best = expected[0]!
  const values = Array.from({ length: 49 }, (_, place) => data[place * 12 + best]!)
  const light = Array.from({ length: 49 }, (_, place) => {
    const [red, green, blue] = first!.face.data.subarray(4 * place, 4 * place + 3)
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
  })
  expect(light.indexOf(Math.max(...light))).toBe(values.indexOf(Math.max(...values)))
  expect(light.indexOf(Math.min(...light))).toBe(values.indexOf(Math.min(...values)))
})
