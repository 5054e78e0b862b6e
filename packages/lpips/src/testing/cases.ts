// The twin of scripts/make-distances.py: weights and pictures out of an integer hash, or in integer patterns. For tests
// only.

import { architectures, loadWeights } from '@alexnet/core'
import { buildFeatures } from '@alexnet/core/architectures'
import * as tf from '@tensorflow/tfjs'
import { Lpips } from '../lpips.ts'

export interface DistanceCase {
  name: string
  weights: 'random' | 'structured'
  linear: 'random' | 'structured' | 'published' | null
  pictures: 'random' | 'structured' | 'half' | 'waves'
  /** [batch, height, width] */
  shape: [number, number, number]
  normalize: boolean
  version: '0.0' | '0.1'
  distance: number[]
  layers: number[]
  map: { at: number[]; values: number[] }
  gradient?: { at: number[]; values: number[]; largest: number }
}

export interface Fixture {
  cases: DistanceCase[]
  published: DistanceCase
}

const channels = [64, 192, 384, 256, 256]
const convolutions: [string, number[]][] = [
  ['features.0', [64, 3, 11, 11]],
  ['features.3', [192, 64, 5, 5]],
  ['features.6', [384, 192, 3, 3]],
  ['features.8', [256, 384, 3, 3]],
  ['features.10', [256, 256, 3, 3]],
]

type Make = (count: number, seed: number, low: number, high: number) => Float32Array

function mix(value: number): number {
  let x = value
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}

const random: Make = (count, seed, low, high) =>
  Float32Array.from({ length: count }, (_, place) => {
    const bits = mix(mix(place) ^ Math.imul(seed, 0x9e3779b9)) >>> 8
    return low + ((bits + 0.5) / 2 ** 24) * (high - low)
  })

const pattern: Make = (count, seed, low, high) =>
  Float32Array.from(
    { length: count },
    (_, place) => low + (((place * (seed * 2 + 3)) % 13) / 12) * (high - low),
  )

const maker = (kind: string) => (kind === 'random' ? random : pattern)

/** torchvision's features with a case's weights, by PyTorch's names. */
export function weightsOf(kind: string) {
  const tensors = new Map<string, { dtype: 'float32'; shape: number[]; data: Float32Array }>()
  for (const [seed, [name, shape]] of convolutions.entries()) {
    const [outputs, ...rest] = shape as [number, ...number[]]
    const fanIn = rest.reduce((product, extent) => product * extent, 1)
    const bound = Math.fround(Math.sqrt(6 / fanIn))
    const data = maker(kind)(outputs * fanIn, seed, -bound, bound)
    tensors.set(`${name}.weight`, { dtype: 'float32', shape, data })
    const biases = maker(kind)(outputs, seed + 20, -0.1, 0.1)
    tensors.set(`${name}.bias`, { dtype: 'float32', shape: [outputs], data: biases })
  }
  return tensors
}

export const linearOf = (kind: string) =>
  channels.map((count, layer) => maker(kind)(count, 40 + layer, 0, 0.5))

/** A case's network. Dispose of it. */
export function lpipsOf({ weights, linear }: Pick<DistanceCase, 'weights' | 'linear'>): Lpips {
  const network = buildFeatures(architectures.torchvision)
  loadWeights(network, weightsOf(weights))
  return new Lpips({
    network,
    linear: linear === null ? undefined : linearOf(linear),
    shift: [-0.03, -0.088, -0.188],
    scale: [0.458, 0.448, 0.45],
    smallestSize: 31,
  })
}

/** Smooth, and no two neighbours the same: stripes have equal maxima, whose gradient may go to any. */
function waves([batch, height, width]: number[], seed: number, low: number): Float32Array {
  return Float32Array.from({ length: batch! * height! * width! * 3 }, (_, place) => {
    const c = place % 3
    const x = Math.floor(place / 3) % width!
    const y = Math.floor(place / 3 / width!) % height!
    const n = Math.floor(place / 3 / width! / height!)
    const wave =
      0.6 * Math.sin(0.37 * x + 0.05 * n + seed) * Math.cos(0.23 * y + c) +
      0.3 * Math.sin(0.01 * (x * x + y * y) + c)
    return low < 0 ? wave : (wave + 1) / 2
  })
}

/** A case's pictures, [batch, height, width, 3] each. */
export function picturesOf({
  pictures,
  shape,
  normalize,
}: DistanceCase): [tf.Tensor4D, tf.Tensor4D] {
  const count = shape[0] * shape[1] * shape[2] * 3
  const low = normalize ? 0 : -1
  const make = (seed: number) => {
    if (pictures === 'waves') return tf.tensor4d(waves(shape, seed, low), [...shape, 3])
    const values = maker(pictures === 'structured' ? 'structured' : 'random')(count, seed, low, 1)
    if (pictures === 'half') values.fill(low, 0, count / 2)
    return tf.tensor4d(values, [...shape, 3])
  }
  return [make(1), make(2)]
}
