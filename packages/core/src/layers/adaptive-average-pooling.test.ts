import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { expectSameAsReference } from '../testing/compare.ts'
import { at, type Batch, batchOf, type Forward, someBatch } from '../testing/reference.ts'
import { AdaptiveAveragePooling } from './adaptive-average-pooling.ts'

function reference(height: number, width: number): Forward {
  return (input) =>
    batchOf([input.shape[0], height, width, input.shape[3]], (n, y, x, c) => {
      let [sum, count] = [0, 0]
      const rows = [(y * input.shape[1]) / height, ((y + 1) * input.shape[1]) / height]
      const columns = [(x * input.shape[2]) / width, ((x + 1) * input.shape[2]) / width]
      for (let i = Math.floor(rows[0]!); i < Math.ceil(rows[1]!); i++) {
        for (let j = Math.floor(columns[0]!); j < Math.ceil(columns[1]!); j++) {
          sum += at(input, n, i, j, c)!
          count++
        }
      }
      return sum / count
    })
}

const cases: [string, Batch['shape'], [number, number]][] = [
  ['windows that overlap', [2, 7, 8, 3], [6, 6]],
  ['whole multiples', [1, 12, 6, 2], [6, 3]],
  ['a multiple on one axis only', [1, 6, 7, 2], [3, 3]],
  ['a picture smaller than the output', [2, 1, 2, 3], [6, 6]],
  ['to one pixel', [1, 5, 3, 2], [1, 1]],
]

describe('AdaptiveAveragePooling', () => {
  beforeAll(() => tf.setBackend('cpu'))

  for (const [name, shape, outputSize] of cases) {
    it(`equals float64 loops: ${name}`, () => {
      const layer = new AdaptiveAveragePooling({ outputSize })
      expectSameAsReference(layer, reference(...outputSize), someBatch(shape))
    })
  }

  it('does nothing when sizes match', async () => {
    const layer = new AdaptiveAveragePooling({ outputSize: 6 })
    const input = tf.randomNormal([1, 6, 6, 2])
    const { kernelNames, result } = await tf.profile(() => layer.apply(input) as tf.Tensor)
    expect(kernelNames).toEqual(['Identity'])
    expect((result as tf.Tensor).dataSync()).toEqual(input.dataSync())
  })
})
