import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type ConvolutionCase,
  drawer,
  expectClose,
  randoms,
  useCpu,
  values,
  visitConvolution,
} from '../testing/reference.ts'

interface Answers {
  y64: Float64Array
  dx64: Float64Array
  dw64: Float64Array
}

/** The loops take longer than everything else, so every build is compared with the same answers. */
const answers = new Map<string, Answers>()

function reference(
  c: ConvolutionCase,
  seed: number,
  x: Float32Array,
  w: Float32Array,
  dy: Float32Array,
): Answers {
  const key = `${seed} ${JSON.stringify(c)}`
  const known = answers.get(key)
  if (known) return known
  const y64 = new Float64Array(dy.length)
  const dx64 = new Float64Array(x.length)
  const dw64 = new Float64Array(w.length)
  visitConvolution(c, (p, f, m) => {
    y64[m]! += x[p]! * w[f]!
    dx64[p]! += dy[m]! * w[f]!
    dw64[f]! += dy[m]! * x[p]!
  })
  answers.set(key, { y64, dx64, dw64 })
  return { y64, dx64, dw64 }
}

/** Forward and both gradients of one convolution against float64 loops. */
function check(c: ConvolutionCase, seed: number): void {
  const what = JSON.stringify(c)
  const x = randoms(c.batch * c.height * c.width * c.channels, seed)
  const w = randoms(c.filterHeight * c.filterWidth * c.channels * c.maps, seed + 1)
  const { mapHeight, mapWidth } = visitConvolution({ ...c, channels: 0 }, () => {})
  const dy = randoms(c.batch * mapHeight * mapWidth * c.maps, seed + 2)
  const { y64, dx64, dw64 } = reference(c, seed, x, w, dy)
  tf.tidy(() => {
    const X = tf.tensor4d(x, [c.batch, c.height, c.width, c.channels])
    const W = tf.tensor4d(w, [c.filterHeight, c.filterWidth, c.channels, c.maps])
    const DY = tf.tensor4d(dy, [c.batch, mapHeight, mapWidth, c.maps])
    const pad: [[0, 0], [number, number], [number, number], [0, 0]] = [
      [0, 0],
      [c.pad[0], c.pad[1]],
      [c.pad[2], c.pad[3]],
      [0, 0],
    ]
    const run = (a: tf.Tensor, b: tf.Tensor) =>
      tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, c.strides, pad, 'NHWC', c.dilations, 'floor')
    const terms = c.filterHeight * c.filterWidth * c.channels
    expectClose(run(X, W).dataSync(), y64, terms, `forward ${what}`)
    // tfjs's gradient does not know dilation.
    if (c.dilations[0] !== 1 || c.dilations[1] !== 1) return
    const [dx, dw] = tf.grads((a, b) => run(a!, b!))([X, W], DY)
    expectClose(dx!.dataSync(), dx64, c.filterHeight * c.filterWidth * c.maps, `dx ${what}`)
    expectClose(dw!.dataSync(), dw64, c.batch * mapHeight * mapWidth, `dw ${what}`)
  })
}

const plain = { strides: [1, 1], dilations: [1, 1] } as Pick<
  ConvolutionCase,
  'strides' | 'dilations'
>
const square = (
  batch: number,
  size: number,
  channels: number,
  filter: number,
  maps: number,
  pad: number,
  stride = 1,
) => ({
  ...plain,
  batch,
  height: size,
  width: size,
  channels,
  filterHeight: filter,
  filterWidth: filter,
  maps,
  pad: [pad, pad, pad, pad] as [number, number, number, number],
  strides: [stride, stride] as [number, number],
})

describe.each([
  ['simd', true],
  ['relaxed-simd', true],
  ['relaxed-simd', false],
] as const)('convolution, %s build, Winograd %s', (build, winograd) => {
  beforeAll(() => useCpu({ build, winograd }))

  it.each([
    ['conv1 of torchvision on 99 px', square(1, 99, 3, 11, 64, 2, 4)],
    ['conv2 of torchvision', square(1, 27, 64, 5, 192, 2)],
    ['conv3 on 9 × 9', square(2, 9, 192, 3, 384, 1)],
    ['conv5, batch 2', square(2, 13, 256, 3, 256, 1)],
    ['a paper group of conv2', square(2, 27, 48, 5, 128, 2)],
  ])('%s', (_, c) => check(c, 7))

  it('on 120 random shapes', () => {
    const draw = drawer(11)
    for (let n = 0; n < 120; n++) {
      const filterHeight = draw(1, 5)
      const filterWidth = draw(1, 5)
      const dilations: [number, number] = n % 5 === 0 ? [draw(1, 3), draw(1, 3)] : [1, 1]
      const dilated = dilations[0] > 1 || dilations[1] > 1
      const pad = [draw(0, 3), draw(0, 3), draw(0, 3), draw(0, 3)] as ConvolutionCase['pad']
      check(
        {
          batch: draw(1, 3),
          height: (filterHeight - 1) * dilations[0] + draw(1, 9),
          width: (filterWidth - 1) * dilations[1] + draw(1, 9),
          channels: draw(1, 13),
          filterHeight,
          filterWidth,
          maps: draw(1, 21),
          strides: dilated ? [1, 1] : [draw(1, 3), draw(1, 3)],
          pad,
          dilations,
        },
        n * 3 + 1,
      )
    }
  })

  it('on 40 random shapes with many channels', () => {
    const draw = drawer(5)
    for (let n = 0; n < 40; n++) {
      const filter = draw(0, 1) ? 3 : 5
      check(
        {
          ...square(
            draw(1, 3),
            filter,
            8 * draw(4, 6),
            filter,
            8 * draw(4, 6),
            draw(0, filter - 1),
          ),
          height: filter + draw(0, 9),
          width: filter + draw(0, 9),
        },
        n,
      )
    }
  })

  it('fuses bias and activation', () => {
    const c = square(2, 8, 3, 3, 10, 1)
    const x = randoms(2 * 64 * 3, 1)
    const w = randoms(270, 2)
    const b = randoms(10, 3)
    const y64 = new Float64Array(2 * 64 * 10).map((_, i) => b[i % 10]!)
    visitConvolution(c, (p, f, m) => {
      y64[m]! += x[p]! * w[f]!
    })
    for (const activation of ['linear', 'relu', 'relu6', 'elu'] as const) {
      const apply = {
        linear: (v: number) => v,
        relu: (v: number) => Math.max(0, v),
        relu6: (v: number) => Math.min(6, Math.max(0, v)),
        elu: (v: number) => (v < 0 ? Math.expm1(v) : v),
      }[activation]
      const y = values(() =>
        tf.fused.conv2d({
          x: tf.tensor4d(x, [2, 8, 8, 3]),
          filter: tf.tensor4d(w, [3, 3, 3, 10]),
          strides: 1,
          pad: 'same',
          bias: tf.tensor1d(b),
          activation,
        }),
      )
      expectClose(y, y64.map(apply), 27, activation)
    }
  })

  it('leaves integers to tfjs', () => {
    const y = values(() =>
      tf.conv2d(
        tf.ones([1, 3, 3, 1]) as tf.Tensor4D,
        tf.ones([3, 3, 1, 1]) as tf.Tensor4D,
        1,
        'valid',
      ),
    )
    expect([...y]).toEqual([9])
  })
})
