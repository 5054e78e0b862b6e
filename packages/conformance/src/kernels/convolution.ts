import { Convolution } from '@alexnet/core/layers'
import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import type { Suite } from './backends.ts'
import { drawer, drawn, expectClose, randoms, scoped, summationBound, values } from './compare.ts'
import {
  type ConvolutionAnswers,
  type ConvolutionCase,
  convolve,
  mapSize,
} from './convolution-reference.ts'

/** Operands and answers; the loops take longer than everything else, so every backend shares them. */
const answers = new Map<string, ReturnType<typeof prepare>>()

function prepare(c: ConvolutionCase, seed: number) {
  const [mapHeight, mapWidth] = mapSize(c)
  const x = randoms(c.batch * c.height * c.width * c.channels, seed)
  const w = randoms((c.filterHeight * c.filterWidth * c.channels * c.maps) / c.groups, seed + 1000)
  const dy = randoms(c.batch * mapHeight * mapWidth * c.maps, seed + 2000)
  return { x, w, dy, mapHeight, mapWidth, expected: convolve(c, x, w, dy) as ConvolutionAnswers }
}

function prepared(c: ConvolutionCase, seed: number) {
  const key = `${seed} ${JSON.stringify(c)}`
  const known = answers.get(key) ?? prepare(c, seed)
  answers.set(key, known)
  return known
}

type Convolve = (x: tf.Tensor, w: tf.Tensor) => tf.Tensor

function plain(c: ConvolutionCase): Convolve {
  const [top, bottom, left, right] = c.pad
  const pad: [[0, 0], [number, number], [number, number], [0, 0]] = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]
  return (x, w) =>
    tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, c.strides, pad, 'NHWC', c.dilations, 'floor')
}

/** The network's layer, which knows groups, as a function of its input and its filter. */
function throughLayer(c: ConvolutionCase): Convolve {
  const [top, bottom, left, right] = c.pad
  return (x, w) => {
    const layer = new Convolution({
      filters: c.maps,
      kernelSize: [c.filterHeight, c.filterWidth],
      strides: c.strides[0],
      padding: [
        [top, bottom],
        [left, right],
      ],
      groups: c.groups,
    })
    layer.build(x.shape)
    const [filter, bias] = layer.weights as [tf.LayerVariable, tf.LayerVariable]
    filter.dispose()
    bias.dispose()
    filter.read = () => w
    bias.read = () => tf.zeros([c.maps])
    return layer.call(x, { training: true }) as tf.Tensor
  }
}

/** Forward and both gradients of one convolution against float64 loops. */
async function check(c: ConvolutionCase, seed: number, bound = 0): Promise<void> {
  const what = JSON.stringify(c)
  const { x, w, dy, mapHeight, mapWidth, expected } = prepared(c, seed)
  // The layer has one stride and no dilation; every fifth other shape goes through it too.
  const layered = c.groups > 1 || (seed % 5 === 2 && c.strides[0] === c.strides[1])
  const run = layered && c.dilations.every((d) => d === 1) ? throughLayer(c) : plain(c)
  await scoped(async () => {
    const X = tf.tensor4d(x, [c.batch, c.height, c.width, c.channels])
    const W = tf.tensor4d(w, [c.filterHeight, c.filterWidth, c.channels / c.groups, c.maps])
    const DY = tf.tensor4d(dy, [c.batch, mapHeight, mapWidth, c.maps])
    const taps = c.filterHeight * c.filterWidth
    const limit = (terms: number) => Math.max(bound, summationBound(terms))
    const forward = limit((taps * c.channels) / c.groups)
    await expectClose(run(X, W), expected.y, forward, `forward ${what}`)
    // tfjs's gradient refuses dilation.
    if (c.dilations[0] !== 1 || c.dilations[1] !== 1) return
    const [dx, dw] = tf.grads((a, b) => run(a!, b!))([X, W], DY)
    await expectClose(dx!, expected.dx, limit((taps * c.maps) / c.groups), `dx ${what}`)
    await expectClose(dw!, expected.dw, limit(c.batch * mapHeight * mapWidth), `dw ${what}`)
  })
}

const square = (
  batch: number,
  size: number,
  channels: number,
  filter: number,
  maps: number,
  pad: number,
  { stride = 1, groups = 1 } = {},
): ConvolutionCase => ({
  batch,
  height: size,
  width: size,
  channels,
  maps,
  groups,
  filterHeight: filter,
  filterWidth: filter,
  dilations: [1, 1],
  pad: [pad, pad, pad, pad],
  strides: [stride, stride],
})

const ofAlexNet: [string, ConvolutionCase][] = [
  ['torchvision conv1', square(1, 224, 3, 11, 64, 2, { stride: 4 })],
  ['torchvision conv2', square(1, 27, 64, 5, 192, 2)],
  ['torchvision conv3', square(1, 13, 192, 3, 384, 1)],
  ['torchvision conv4', square(1, 13, 384, 3, 256, 1)],
  ['torchvision conv5', square(2, 13, 256, 3, 256, 1)],
  ['paper conv1', square(1, 227, 3, 11, 96, 0, { stride: 4 })],
  ['paper conv2', square(1, 27, 96, 5, 256, 2, { groups: 2 })],
  ['paper conv3', square(1, 13, 256, 3, 384, 1)],
  ['paper conv4', square(1, 13, 384, 3, 384, 1, { groups: 2 })],
  ['paper conv5', square(1, 13, 384, 3, 256, 1, { groups: 2 })],
  ['cifar conv1', square(4, 32, 3, 5, 64, 2)],
  ['LeNet-5 conv2', square(4, 14, 6, 5, 16, 0)],
]

/** The first layer on 67 pixels a side, for a software driver; its maps are the largest by far, all else stays. */
const ofSmallPicture = (c: ConvolutionCase): ConvolutionCase =>
  c.height > 100 ? { ...c, height: 67, width: 67 } : c

export const convolution: Suite = (backend) => {
  const { fast, share = 1, convolutionBound } = backend

  it.runIf(fast).each(ofAlexNet)('%s', (_, c) =>
    check(share < 1 ? ofSmallPicture(c) : c, 7, convolutionBound),
  )

  it('on 150 random shapes', async () => {
    const draw = drawer(11)
    for (let n = 0; n < drawn(backend, 150); n++) {
      const filterHeight = draw(1, 5)
      const filterWidth = draw(1, 5)
      const dilations: [number, number] = n % 5 === 0 ? [draw(1, 3), draw(1, 3)] : [1, 1]
      const dilated = dilations[0] > 1 || dilations[1] > 1
      const groups = n % 5 === 1 ? draw(2, 3) : 1
      const stride = draw(1, 3)
      await check(
        {
          batch: draw(1, 3),
          height: (filterHeight - 1) * dilations[0] + draw(1, 9),
          width: (filterWidth - 1) * dilations[1] + draw(1, 9),
          channels: groups * draw(1, groups > 1 ? 5 : 13),
          maps: groups * draw(1, groups > 1 ? 9 : 21),
          filterHeight,
          filterWidth,
          strides: dilated ? [1, 1] : [stride, groups > 1 ? stride : draw(1, 3)],
          pad: [draw(0, 3), draw(0, 3), draw(0, 3), draw(0, 3)],
          dilations,
          groups,
        },
        n,
        convolutionBound,
      )
    }
  })

  it.runIf(fast)('on 50 random shapes with many channels', async () => {
    const draw = drawer(5)
    for (let n = 0; n < drawn(backend, 50); n++) {
      const filter = draw(0, 1) ? 3 : 5
      const [channels, maps] = [8 * draw(4, 6), 8 * draw(4, 6)]
      const pad = draw(0, filter - 1)
      const groups = n % 5 === 0 ? 2 : 1
      await check(
        {
          ...square(draw(1, 3), 1, groups * channels, filter, groups * maps, pad, { groups }),
          height: filter + draw(0, 9),
          width: filter + draw(0, 9),
        },
        n + 300,
        convolutionBound,
      )
    }
  })

  it.runIf(fast)('on 25 random shapes with a stride and many maps', async () => {
    const draw = drawer(17)
    for (let n = 0; n < drawn(backend, 25); n++) {
      const stride = draw(2, 5)
      const filter = draw(stride + 1, 3 * stride)
      // In squares of stride × stride pixels, eights of channels: so some run by Winograd's method.
      const channels = stride === 4 ? draw(2, 3) : stride === 2 ? 2 * draw(4, 6) : 8
      const maps = 8 * draw(4, 6)
      await check(
        {
          ...square(draw(1, 3), 1, channels, filter, maps, 0, { stride }),
          height: filter + stride * draw(2, 8) + draw(0, stride - 1),
          width: filter + stride * draw(2, 8) + draw(0, stride - 1),
          pad: [draw(0, filter - 1), draw(0, 3), draw(0, filter - 1), draw(0, 3)],
        },
        n + 400,
        convolutionBound,
      )
    }
  })

  it.each([7, 9, 11])('by filters of %i pixels a side', (size) =>
    check(square(2, 12, 3, size, 5, 3), 8, convolutionBound),
  )

  // A texture's lines end elsewhere than the picture's then.
  it('of more pixels than a texture has lines', () =>
    check(square(1, 200, 3, 3, 5, 1), 9, convolutionBound))

  it('of what the device computed itself, sizes odd', async () => {
    // A device may store more than a tensor has: past its end, the exponential of zero is one.
    for (const strides of [1, 2]) {
      const c = square(2, 7, 3, 3, 5, 1, { stride: strides })
      const [x, w, dy] = Object.values(prepared(c, 5)).slice(0, 3) as Float32Array[]
      const exponentials = [x!, w!, dy!].map((values) => values.map(Math.exp))
      const [expX, expW, expDy] = exponentials as [Float32Array, Float32Array, Float32Array]
      const expected = convolve(c, expX, expW, expDy) as ConvolutionAnswers
      const [height, width] = mapSize(c)
      await scoped(async () => {
        const X = tf.exp(tf.tensor4d(x!, [c.batch, c.height, c.width, c.channels]))
        const W = tf.exp(tf.tensor4d(w!, [3, 3, c.channels, c.maps]))
        const DY = tf.exp(tf.tensor4d(dy!, [c.batch, height, width, c.maps]))
        const run = plain(c)
        await expectClose(run(X, W), expected.y, 2e-6, `forward, stride ${strides}`)
        const [dx, dw] = tf.grads((a, b) => run(a!, b!))([X, W], DY)
        await expectClose(dx!, expected.dx, 2e-6, `dx, stride ${strides}`)
        await expectClose(dw!, expected.dw, 2e-6, `dw, stride ${strides}`)
      })
    }
  })

  const activations = {
    linear: (v: number) => v,
    relu: (v: number) => Math.max(0, v),
    relu6: (v: number) => Math.min(6, Math.max(0, v)),
    elu: (v: number) => (v < 0 ? Math.expm1(v) : v),
  }

  it.each(Object.keys(activations) as (keyof typeof activations)[])(
    'with bias and %s',
    async (name) => {
      for (const c of [square(2, 8, 3, 3, 10, 1), square(2, 13, 32, 3, 40, 1)]) {
        const { x, w, dy, expected } = prepared(c, 3)
        const bias = randoms(c.maps, 4)
        const sums = expected.y.map((v, i) => v + bias[i % c.maps]!)
        const inputs = () => ({
          x: tf.tensor4d(x, [c.batch, c.height, c.width, c.channels]),
          filter: tf.tensor4d(w, [3, 3, c.channels, c.maps]),
          bias: tf.tensor1d(bias),
        })
        const run = (operands: ReturnType<typeof inputs>) =>
          tf.fused.conv2d({ ...operands, strides: 1, pad: 'same', activation: name })
        const bound = Math.max(convolutionBound ?? 0, summationBound(9 * c.channels))
        await expectClose(
          await values(() => run(inputs())),
          sums.map(activations[name]),
          bound,
          name,
        )
        if (name !== 'relu') continue
        // The gradient where the sum is clearly on one side, so that its sign is not rounding's.
        const passed = dy.map((v, i) => (sums[i]! > 0 ? v : 0))
        const { dx, dw } = convolve(c, x, w, passed)
        const db = new Float64Array(c.maps)
        passed.forEach((v, i) => {
          db[i % c.maps]! += v
        })
        await scoped(async () => {
          const operands = inputs()
          const [gx, gw, gb] = tf.grads((a, b, d) =>
            run({ x: a as tf.Tensor4D, filter: b as tf.Tensor4D, bias: d as tf.Tensor1D }),
          )(
            [operands.x, operands.filter, operands.bias],
            tf.tensor(dy, [c.batch, c.height, c.width, c.maps]),
          )
          await expectClose(gx!, dx, Math.max(bound, 2e-5), 'dx')
          await expectClose(gw!, dw, Math.max(bound, 2e-5), 'dw')
          await expectClose(gb!, db, summationBound(c.batch * c.height * c.width), 'db')
        })
      }
    },
  )

  it('of whole numbers is exact', async () => {
    const ones = (shape: [number, number, number, number]) => tf.ones(shape) as tf.Tensor4D
    const y = await values(() => tf.conv2d(ones([1, 3, 3, 1]), ones([3, 3, 1, 1]), 1, 'valid'))
    expect([...y]).toEqual([9])
  })
}
