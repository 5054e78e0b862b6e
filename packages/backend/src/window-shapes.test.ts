// Sizes by the formula of PyTorch's documentation: ⌊(n + 2 pad − window) / stride⌋ + 1, rounded up where that is asked.

import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { convolutionShapes, poolingShapes } from './window-shapes.ts'

const NAME = 'Conv2D'
const conv = (picture: number[], filter: number[], attrs: object, mapShape?: number[]) =>
  convolutionShapes({
    name: NAME,
    pictureShape: picture,
    filterShape: filter,
    attrs: { strides: 1, pad: 'valid', ...attrs },
    ...(mapShape && { mapShape }),
  }).outShape

describe('a convolution', () => {
  it.each([
    [224, 11, 4, 2],
    [27, 5, 1, 2],
    [13, 3, 2, 0],
    [14, 3, 2, 0],
    [7, 7, 1, 0],
  ])('of %i pixels by %i, stride %i, padding %i', (size, window, stride, padding) => {
    const pad = [
      [0, 0],
      [padding, padding],
      [padding, padding],
      [0, 0],
    ]
    for (const [rounding, round] of [
      ['floor', Math.floor],
      ['ceil', Math.ceil],
    ] as const) {
      const out = round((size + 2 * padding - window) / stride) + 1
      const attrs = { strides: stride, pad, dimRoundingMode: rounding }
      expect(conv([2, size, size, 3], [window, window, 3, 8], attrs)).toEqual([2, out, out, 8])
    }
  })

  it('is dilated, and depthwise has maps of each channel', () => {
    // A filter of 3 whose points are 2 apart spans 5 pixels.
    expect(conv([1, 9, 9, 2], [3, 3, 2, 4], { dilations: 2 })).toEqual([1, 5, 5, 4])
    const shapes = convolutionShapes({
      name: NAME,
      pictureShape: [1, 9, 8, 6],
      filterShape: [3, 3, 6, 2],
      attrs: { strides: 1, pad: 'same' },
      depthwise: true,
    })
    expect(shapes.outShape).toEqual([1, 9, 8, 12])
  })

  it('has the sizes of its gradient, however they were rounded', () => {
    for (const size of [6, 7]) {
      const map = [1, size, size, 4]
      expect(conv([1, 14, 14, 2], [3, 3, 2, 4], { strides: 2, pad: 0 }, map)).toEqual(map)
    }
    expect(() => conv([1, 14, 14, 2], [3, 3, 2, 4], { strides: 2, pad: 0 }, [1, 8, 8, 4])).toThrow(
      "Conv2D: the map's gradient is [1,8,8,4], but a window of 3×3 over [1,14,14,2] (strides 2, pad 0) makes a map [1,6,6,4]",
    )
  })

  it('larger than its picture by a pixel makes an empty map, by more is refused', () => {
    expect(conv([1, 3, 3, 1], [4, 4, 1, 1], {})).toEqual([1, 0, 0, 1])
    expect(() => conv([1, 3, 9, 1], [5, 5, 1, 1], {})).toThrow(
      'Conv2D: a window of 5×5 over [1,3,9,1] (strides 1, pad "valid") does not fit',
    )
    expect(() => conv([1, 9, 3, 1], [5, 5, 1, 1], {})).toThrow('does not fit')
  })
})

describe('a pooling', () => {
  const pool = (attrs: object, mapShape?: number[]) =>
    poolingShapes({
      name: 'MaxPool',
      pictureShape: [2, 13, 10, 5],
      attrs: { filterSize: 3, strides: 2, pad: 'valid', ...attrs },
      ...(mapShape && { mapShape }),
    })

  it('has the sizes that tfjs gives its map', async () => {
    await tf.setBackend('cpu')
    for (const pad of ['valid', 'same', 1] as const) {
      const rounding = pad === 1 ? 'ceil' : undefined
      const shape = tf.tidy(
        () => tf.maxPool(tf.zeros<tf.Rank.R4>([2, 13, 10, 5]), 3, 2, pad, rounding).shape,
      )
      expect(pool({ pad, dimRoundingMode: rounding }).outShape).toEqual(shape)
    }
  })

  it('has the sizes of its gradient, and refuses another', () => {
    expect(pool({ pad: 0 }, [2, 6, 5, 5]).outShape).toEqual([2, 6, 5, 5])
    expect(pool({ pad: 0 }, [2, 6, 4, 5]).outShape).toEqual([2, 6, 4, 5])
    expect(() => pool({ pad: 0 }, [2, 6, 4, 4])).toThrow("MaxPool: the map's gradient is [2,6,4,4]")
  })
})
