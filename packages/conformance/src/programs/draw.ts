// What random programs are drawn from: a seeded stream of whole numbers, and tensors of small shapes whose values are
// eighths, so that sums of them are exact and ties are ties on every backend; some hold ±0, NaN, infinities and
// numbers at the ends of float32's range.

import * as tf from '@tensorflow/tfjs'

/** A stream of whole numbers from a seed (Mulberry32, by Tommy Ettinger, public domain). */
export class Draw {
  #state: number

  constructor(seed: number) {
    this.#state = (seed * 0x9e3779b1) >>> 0
  }

  /** From low to high, both included. */
  whole(low: number, high: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return low + (((t ^ (t >>> 14)) >>> 0) % (high - low + 1))
  }

  /** True once in so many times. */
  once(times: number): boolean {
    return this.whole(1, times) === 1
  }

  of<T>(items: readonly T[]): T {
    return items[this.whole(0, items.length - 1)]!
  }

  shape(rank = this.whole(0, 4)): number[] {
    // A dimension of nothing now and then.
    return Array.from({ length: rank }, () => (this.once(25) ? 0 : this.whole(1, 7)))
  }
}

const SPECIAL = [0, -0, NaN, Infinity, -Infinity, 1e-40, -1e-42, 3e38, 1e-30, -87.5, 100]

/** Float32 eighths from −2 to 2, or with special numbers among them. */
export function floats(draw: Draw, shape: number[], special = false): tf.Tensor {
  const values = new Float32Array(tf.util.sizeFromShape(shape))
  for (let i = 0; i < values.length; i++) {
    values[i] = special && draw.once(4) ? draw.of(SPECIAL) : draw.whole(-16, 16) / 8
  }
  return tf.tensor(values, shape)
}

export function integers(draw: Draw, shape: number[], low = -5, high = 5): tf.Tensor {
  const values = new Int32Array(tf.util.sizeFromShape(shape))
  for (let i = 0; i < values.length; i++) values[i] = draw.whole(low, high)
  return tf.tensor(values, shape, 'int32')
}

/** A shape that broadcasts against another. */
export function broadcastable(draw: Draw, shape: readonly number[]): number[] {
  const own = shape.map((length) => (draw.once(3) ? 1 : length))
  return draw.once(3) ? own.slice(draw.whole(0, own.length)) : own
}
