// Float64 loops that the kernels are compared with, as plain as they can be, and what the tests share:
// random tensors and a comparison whose bound is what float32 summation allows.

import { useBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import { expect } from 'vitest'
import { type CpuOptions, cpu } from '../index.ts'

/** Starts the backend afresh, so that tests of one file can ask for different options. */
export async function useCpu(options: CpuOptions = {}): Promise<void> {
  const name = options.name ?? 'alexnet-cpu'
  if (tf.findBackendFactory(name)) tf.removeBackend(name)
  await useBackend([cpu(options)])
}

/** Uniform numbers in [-1, 1) from a seed (xorshift). */
export function randoms(count: number, seed: number): Float32Array {
  let state = (seed * 2654435761) >>> 0 || 1
  return Float32Array.from({ length: count }, () => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 2 ** 31 - 1
  })
}

/** Draws whole numbers low..high, both included. */
export function drawer(seed: number): (low: number, high: number) => number {
  const numbers = randoms(4096, seed)
  let at = 0
  return (low, high) =>
    low + Math.min(high - low, Math.floor(((numbers[at++ % 4096]! + 1) / 2) * (high - low + 1)))
}

/**
 * Compares with a float64 answer: the difference, relative to the answer's largest value, must stay
 * below 1e-6 · √terms, a few times the usual error of float32 sums of that many terms.
 */
export function expectClose(
  found: ArrayLike<number>,
  expected: Float64Array,
  terms: number,
  what = '',
): void {
  expect(found.length, what).toBe(expected.length)
  let largest = 0
  let difference = 0
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]!))
    const d = Math.abs(found[i]! - expected[i]!)
    if (!(d <= difference)) difference = d
  }
  expect(difference / Math.max(largest, 1e-30), what).toBeLessThanOrEqual(
    1e-6 * Math.sqrt(terms) + 2e-7,
  )
}

export interface ConvolutionCase {
  batch: number
  height: number
  width: number
  channels: number
  filterHeight: number
  filterWidth: number
  maps: number
  strides: [number, number]
  /** top, bottom, left, right */
  pad: [number, number, number, number]
  dilations: [number, number]
}

/** Visits every product of a convolution with its indices into picture, filter and map. */
export function visitConvolution(
  c: ConvolutionCase,
  visit: (picture: number, filter: number, map: number) => void,
): { mapHeight: number; mapWidth: number } {
  const reachY = (c.filterHeight - 1) * c.dilations[0] + 1
  const reachX = (c.filterWidth - 1) * c.dilations[1] + 1
  const mapHeight = Math.floor((c.height + c.pad[0] + c.pad[1] - reachY) / c.strides[0]) + 1
  const mapWidth = Math.floor((c.width + c.pad[2] + c.pad[3] - reachX) / c.strides[1]) + 1
  for (let b = 0; b < c.batch; b++)
    for (let oy = 0; oy < mapHeight; oy++)
      for (let ox = 0; ox < mapWidth; ox++)
        for (let fy = 0; fy < c.filterHeight; fy++)
          for (let fx = 0; fx < c.filterWidth; fx++) {
            const y = oy * c.strides[0] - c.pad[0] + fy * c.dilations[0]
            const x = ox * c.strides[1] - c.pad[2] + fx * c.dilations[1]
            if (y < 0 || x < 0 || y >= c.height || x >= c.width) continue
            const pixel = ((b * c.height + y) * c.width + x) * c.channels
            const tap = (fy * c.filterWidth + fx) * c.channels
            const place = ((b * mapHeight + oy) * mapWidth + ox) * c.maps
            for (let i = 0; i < c.channels; i++)
              for (let o = 0; o < c.maps; o++) visit(pixel + i, (tap + i) * c.maps + o, place + o)
          }
  return { mapHeight, mapWidth }
}

/** a[rows, depth] · b[depth, columns], either stored transposed. */
export function matrixProduct(
  a: Float32Array,
  b: Float32Array,
  [rows, depth, columns]: [number, number, number],
  transposeA: boolean,
  transposeB: boolean,
): Float64Array {
  const result = new Float64Array(rows * columns)
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      let sum = 0
      for (let k = 0; k < depth; k++) {
        sum +=
          a[transposeA ? k * rows + i : i * depth + k]! *
          b[transposeB ? j * depth + k : k * columns + j]!
      }
      result[i * columns + j] = sum
    }
  return result
}

/** Runs f in a tidy and returns its tensor's values. */
export function values(f: () => tf.Tensor): Float32Array {
  return tf.tidy(() => f().dataSync() as Float32Array)
}
