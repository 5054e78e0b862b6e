// A small network with every kind of layer, and what it gives: plain loops in float64 over pictures as
// [height][width][channels], written after the definitions of PyTorch's and cuda-convnet's layers, that have nothing
// in common with the writers of files.

import type { NetworkLayer } from '../network/layers.ts'
import type { PixelNormalization } from '../network/preparation.ts'
import type { NamedTensor } from '../tensor.ts'

type Picture = {
  height: number
  width: number
  channels: number
  at(y: number, x: number, c: number): number
}
type Config = Record<string, unknown>

function picture(height: number, width: number, channels: number, value: Picture['at']): Picture {
  const data = new Float64Array(height * width * channels)
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) data[i++] = value(y, x, c)
    }
  }
  const at = (y: number, x: number, c: number) => data[(y * width + x) * channels + c]!
  return { height, width, channels, at }
}

const inside = ({ height, width }: Picture, y: number, x: number) =>
  y >= 0 && y < height && x >= 0 && x < width

/** Values of a window clipped to the picture, after `after` rows and columns at the end were left out. */
function* windowOf(input: Picture, c: number, y0: number, x0: number, size: number, crop = 0) {
  for (let y = y0; y < y0 + size; y++) {
    for (let x = x0; x < x0 + size; x++) {
      if (inside(input, y, x) && y < input.height - crop && x < input.width - crop)
        yield input.at(y, x, c)
    }
  }
}

const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0)

/** One layer of the loops; `[height, width, channels]` of the output are the layer's own claim. */
function apply(
  layer: NetworkLayer,
  input: Picture,
  tensors: ReadonlyMap<string, NamedTensor>,
): Picture {
  const { className, name } = layer
  const config = layer.config as Config
  const [, height, width = 1, channels = height] = layer.outputShape as number[]
  const made = (value: Picture['at']) => picture(height!, width, channels!, value)
  const weight = tensors.get(`${name}.weight`)?.data as Float32Array
  const bias = tensors.get(`${name}.bias`)?.data as Float32Array
  const strides = config.strides as number
  switch (className) {
    case 'AlexNetConvolution': {
      const size = (config.kernelSize as number[])[0]!
      const before = config.padding as number
      const perGroup = input.channels / (config.groups as number)
      return made((y, x, c) => {
        let total = bias[c]!
        const first = Math.floor(c / (channels! / (config.groups as number))) * perGroup
        for (let i = 0; i < perGroup; i++) {
          for (let v = 0; v < size; v++) {
            for (let u = 0; u < size; u++) {
              const [row, column] = [y * strides + v - before, x * strides + u - before]
              if (!inside(input, row, column)) continue
              total +=
                input.at(row, column, first + i) *
                weight[((c * perGroup + i) * size + v) * size + u]!
            }
          }
        }
        return total
      })
    }
    case 'AlexNetMaxPooling':
    case 'AlexNetAveragePooling': {
      const size = (config.poolSize as number[])[0]!
      const padding = config.padding as number | number[][]
      const [before, after] =
        typeof padding === 'number' ? [padding, padding] : (padding[0] as number[])
      return made((y, x, c) => {
        const values = [
          ...windowOf(
            input,
            c,
            y * strides - before!,
            x * strides - before!,
            size,
            Math.max(0, -after!),
          ),
        ]
        return className === 'AlexNetMaxPooling' ? Math.max(...values) : sum(values) / values.length
      })
    }
    case 'AlexNetAdaptiveAveragePooling':
      return made((y, x, c) => {
        const [top, left] = [
          Math.floor((y * input.height) / height!),
          Math.floor((x * input.width) / width),
        ]
        const bottom = Math.ceil(((y + 1) * input.height) / height!)
        const right = Math.ceil(((x + 1) * input.width) / width)
        let total = 0
        for (let v = top; v < bottom; v++)
          for (let u = left; u < right; u++) total += input.at(v, u, c)
        return total / ((bottom - top) * (right - left))
      })
    case 'AlexNetLocalResponseNormalization': {
      const { size, alpha, beta, bias: k, groups } = config as unknown as Record<string, number>
      const perGroup = channels! / groups!
      return made((y, x, c) => {
        const group = Math.floor(c / perGroup)
        let squares = 0
        for (let n = c - (size! - 1) / 2; n <= c + (size! - 1) / 2; n++) {
          if (n >= group * perGroup && n < (group + 1) * perGroup) squares += input.at(y, x, n) ** 2
        }
        return input.at(y, x, c) * (k! + alpha! * squares) ** -beta!
      })
    }
    case 'AlexNetSameMapNormalization': {
      const { size, alpha, beta, bias: k } = config as unknown as Record<string, number>
      const radius = (size! - 1) / 2
      return made((y, x, c) => {
        const squares = [...windowOf(input, c, y - radius, x - radius, size!)].map(
          (value) => value ** 2,
        )
        return input.at(y, x, c) * (k! + alpha! * sum(squares)) ** -beta!
      })
    }
    case 'AlexNetDropout':
      return made(
        (y, x, c) => input.at(y, x, c) * (config.inverted ? 1 : 1 - (config.rate as number)),
      )
    case 'Activation': {
      const of = {
        relu: (v: number) => Math.max(0, v),
        tanh: Math.tanh,
        sigmoid: (v: number) => 1 / (1 + Math.exp(-v)),
      }
      return made((y, x, c) => of[config.activation as 'relu'](input.at(y, x, c)))
    }
    case 'Flatten': // PyTorch's order, which the weights after it are in: channel by channel.
      return picture(1, 1, channels!, (_y, _x, i) => {
        const pixels = input.height * input.width
        const pixel = i % pixels
        return input.at(
          Math.floor(pixel / input.width),
          pixel % input.width,
          Math.floor(i / pixels),
        )
      })
    default: // Dense
      return picture(1, 1, channels!, (_y, _x, c) => {
        let total = bias[c]!
        for (let i = 0; i < input.channels; i++)
          total += input.at(0, 0, i) * weight[c * input.channels + i]!
        return total
      })
  }
}

let seed = 1
/** From -1 to 1. */
export function random(): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 31 - 1
}

export const layer = (
  className: string,
  name: string,
  config: Record<string, unknown>,
  ...shape: number[]
): NetworkLayer => ({ className, name, config, outputShape: [null, ...shape] })

const tensorOf = (...shape: number[]): NamedTensor => {
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random() / 3)
  return { dtype: 'float32', shape, data }
}

// Every kind of layer; windows that round up, leave pixels out, or go over uneven parts.
export const layers: NetworkLayer[] = [
  layer('InputLayer', 'input', {}, 19, 19, 3),
  layer(
    'AlexNetConvolution',
    'features.0',
    { kernelSize: [4, 4], strides: 2, padding: 1, groups: 1 },
    10,
    10,
    8,
  ), // (19 + 2 - 4) / 2 rounds up
  layer(
    'AlexNetLocalResponseNormalization',
    'features.1',
    { size: 5, alpha: 0.3, beta: 0.75, bias: 2, groups: 2 },
    10,
    10,
    8,
  ),
  layer('AlexNetMaxPooling', 'features.2', { poolSize: [3, 3], strides: 2, padding: 0 }, 5, 5, 8),
  layer('Activation', 'features.3', { activation: 'relu' }, 5, 5, 8),
  layer(
    'AlexNetConvolution',
    'features.4',
    { kernelSize: [3, 3], strides: 1, padding: 1, groups: 2 },
    5,
    5,
    6,
  ),
  layer(
    'AlexNetSameMapNormalization',
    'features.5',
    { size: 3, alpha: 0.2, beta: 0.75, bias: 1 },
    5,
    5,
    6,
  ),
  layer(
    'AlexNetLocalResponseNormalization',
    'features.6',
    { size: 3, alpha: 0.1, beta: 0.5, bias: 1, groups: 1 },
    5,
    5,
    6,
  ),
  layer(
    'AlexNetAveragePooling',
    'features.7',
    { poolSize: [2, 2], strides: 1, padding: 0 },
    4,
    4,
    6,
  ),
  layer(
    'AlexNetMaxPooling',
    'features.8',
    {
      poolSize: [1, 1],
      strides: 1,
      padding: [
        [0, -1],
        [0, -1],
      ],
    },
    3,
    3,
    6,
  ),
  layer('Activation', 'features.9', { activation: 'sigmoid' }, 3, 3, 6),
  layer('AlexNetAdaptiveAveragePooling', 'avgpool', { outputSize: [2, 2] }, 2, 2, 6),
  layer('Flatten', 'flatten', {}, 24),
  layer('AlexNetDropout', 'classifier.0', { rate: 0.4, inverted: false }, 24),
  layer('Dense', 'classifier.1', { activation: 'linear' }, 7),
  layer('Activation', 'classifier.2', { activation: 'tanh' }, 7),
  layer('AlexNetDropout', 'classifier.3', { rate: 0.5, inverted: true }, 7),
  layer('Dense', 'classifier.4', { activation: 'linear' }, 4),
]
export const tensors = new Map([
  ['features.0.weight', tensorOf(8, 3, 4, 4)],
  ['features.0.bias', tensorOf(8)],
  ['features.4.weight', tensorOf(6, 4, 3, 3)],
  ['features.4.bias', tensorOf(6)],
  ['classifier.1.weight', tensorOf(7, 24)],
  ['classifier.1.bias', tensorOf(7)],
  ['classifier.4.weight', tensorOf(4, 7)],
  ['classifier.4.bias', tensorOf(4)],
])
export const pixels = Uint8Array.from({ length: 2 * 19 * 19 * 3 }, () =>
  Math.floor((random() + 1) * 127.99),
)
export const preprocessing: PixelNormalization = {
  mean: [0.4, 0.5, 0.6],
  std: [0.2, 0.25, 0.3],
}

/** Logits of the two pictures. */
export function expectedLogits(weights = tensors, { mean, std } = preprocessing): number[] {
  return [0, 1].flatMap((index) => {
    let value = picture(19, 19, 3, (y, x, c) => {
      const at = (y * 19 + x) * 3 + c
      return (pixels[index * 1083 + at]! / 255 - mean[at % mean.length]!) / std[c]!
    })
    for (const step of layers.slice(1)) value = apply(step, value, weights)
    return Array.from({ length: 4 }, (_, c) => value.at(0, 0, c))
  })
}

/** Largest difference of any number. */
export function worst(found: number[], expected: number[]): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY
  return Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)))
}
