// The products a network is made of, one by one: forward, gradient of the input (dX) and gradient of the
// weights (dW) of every convolution and linear layer, on numbers that a formula gives, so that nothing
// needs to be sent, and with float64 answers at a few places of each result.

import type { Network } from './network.ts'

export type Pass = 'forward' | 'dX' | 'dW'
export const passes: readonly Pass[] = ['forward', 'dX', 'dW']

/** One kernel on one shape. A linear layer is `size` 1, `stride` 1 on 1 × 1 pixels. */
export interface KernelCase {
  layer: string
  kind: 'convolution' | 'linear'
  pass: Pass
  batch: number
  /** [height, width, channels] */
  input: [number, number, number]
  /** [height, width, channels] */
  output: [number, number, number]
  size: number
  stride: number
  padding: number
  /** Places of the result to compare: [n, y, x, c] of a picture or map, [y, x, in, out] of weights. */
  places: [number, number, number, number][]
}

const PLACES = 12

/** Every kernel of a network; of a convolution with groups, that of one group. */
export function kernelCases(network: Network, batch: number): KernelCase[] {
  const cases: KernelCase[] = []
  for (const operation of network.operations) {
    if (operation.kind !== 'convolution' && operation.kind !== 'linear') continue
    const isLinear = operation.kind === 'linear'
    const groups = isLinear ? 1 : operation.groups
    const [height, width, channels] = isLinear
      ? [1, 1, operation.inputShape[0]!]
      : (operation.inputShape as [number, number, number])
    const [mapHeight, mapWidth, filters] = isLinear
      ? [1, 1, operation.units]
      : (operation.outputShape as [number, number, number])
    for (const pass of passes) {
      // The gradient of the picture is never needed.
      if (pass === 'dX' && cases.length < 2) continue
      const kernel: KernelCase = {
        layer: operation.name,
        kind: operation.kind,
        pass,
        batch,
        input: [height, width, channels / groups],
        output: [mapHeight, mapWidth, filters / groups],
        size: isLinear ? 1 : operation.size,
        stride: isLinear ? 1 : operation.stride,
        padding: isLinear ? 0 : operation.padding,
        places: [],
      }
      kernel.places = choosePlaces(resultShape(kernel))
      cases.push(kernel)
    }
  }
  return cases
}

/** Shapes as a formula's index runs over them, in the layouts of TensorFlow.js. */
export const inputShape = ({ batch, input }: KernelCase) => [batch, ...input] as Shape
export const outputShape = ({ batch, output }: KernelCase) => [batch, ...output] as Shape
export const weightShape = ({ size, input, output }: KernelCase) =>
  [size, size, input[2], output[2]] as Shape

type Shape = [number, number, number, number]

export function resultShape(kernel: KernelCase): Shape {
  if (kernel.pass === 'forward') return outputShape(kernel)
  return kernel.pass === 'dX' ? inputShape(kernel) : weightShape(kernel)
}

/** Multiplications and additions of one call. */
export function kernelFlops({ batch, input, output, size }: KernelCase): number {
  return 2 * batch * output[0] * output[1] * output[2] * size * size * input[2]
}

/** Number `index` of the tensor `seed`: from −0.5 to 0.5, exact in float32, the same in Python. */
export function kernelValue(index: number, seed: number): number {
  return ((index * 7919 + seed * 104_729) % 1021) / 1024 - 0.5
}
/** Seeds of the input, the weights and the gradient of the output. */
export const seeds = { input: 1, weights: 2, gradient: 3 } as const

export function kernelTensor(shape: readonly number[], seed: number): Float32Array {
  const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1))
  for (let i = 0; i < values.length; i++) values[i] = kernelValue(i, seed)
  return values
}

function choosePlaces(shape: Shape): Shape[] {
  // Spread by a multiplicative sequence, corners first: borders are where padding goes wrong.
  const places: Shape[] = [[0, 0, 0, 0], shape.map((extent) => extent - 1) as Shape]
  const count = shape.reduce((product, extent) => product * extent, 1)
  for (let i = 1; places.length < PLACES; i++) {
    let rest = Math.floor(((i * 0.618_033_988_75) % 1) * count)
    const place: Shape = [0, 0, 0, 0]
    for (let axis = 3; axis >= 0; axis--) {
      place[axis] = rest % shape[axis]!
      rest = Math.floor(rest / shape[axis]!)
    }
    places.push(place)
  }
  return places
}

export function indexOf([a, b, c, d]: Shape, [, B, C, D]: Shape): number {
  return ((a * B + b) * C + c) * D + d
}

/** The results at the case's places, summed in float64. */
export function expectedValues(kernel: KernelCase): number[] {
  return kernel.places.map((place) => expectedAt(kernel, place))
}

function expectedAt(kernel: KernelCase, place: Shape): number {
  const { batch, input, output, size, stride, padding, pass } = kernel
  const x = (n: number, row: number, column: number, channel: number) =>
    row < 0 || column < 0 || row >= input[0] || column >= input[1]
      ? 0
      : kernelValue(indexOf([n, row, column, channel], inputShape(kernel)), seeds.input)
  const w = (row: number, column: number, from: number, to: number) =>
    kernelValue(indexOf([row, column, from, to], weightShape(kernel)), seeds.weights)
  const dy = (n: number, row: number, column: number, filter: number) =>
    kernelValue(indexOf([n, row, column, filter], outputShape(kernel)), seeds.gradient)
  let sum = 0
  if (pass === 'dW') {
    const [i, j, from, to] = place
    for (let n = 0; n < batch; n++) {
      for (let row = 0; row < output[0]; row++) {
        for (let column = 0; column < output[1]; column++) {
          const value = x(n, row * stride + i - padding, column * stride + j - padding, from)
          sum += value * dy(n, row, column, to)
        }
      }
    }
    return sum
  }
  const [n, row, column, last] = place
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      if (pass === 'forward') {
        for (let from = 0; from < input[2]; from++) {
          const value = x(n, row * stride + i - padding, column * stride + j - padding, from)
          sum += value * w(i, j, from, last)
        }
        continue
      }
      const [top, left] = [(row + padding - i) / stride, (column + padding - j) / stride]
      if (!Number.isInteger(top) || !Number.isInteger(left)) continue
      if (top < 0 || left < 0 || top >= output[0] || left >= output[1]) continue
      for (let to = 0; to < output[2]; to++) sum += dy(n, top, left, to) * w(i, j, last, to)
    }
  }
  return sum
}
