// What a loader gives.

import type { Output } from './loader-part.ts'

/** Pictures ready for a network. No later batch writes to its arrays, unless `recycle` asks for that. */
export interface Batch<O extends Output = Float32Array> {
  /** Its number within the epoch, from 0. */
  readonly index: number
  /** Pictures, NHWC: normalised, or bytes where `output` is `uint8`. */
  readonly images: O
  readonly shape: readonly [count: number, height: number, width: number, channels: 3]
  /** Class numbers. */
  readonly labels: Int32Array
  /** Numbers of the pictures in the data set. */
  readonly indices: Int32Array
  /** Of a `share`: which row of the whole batch its first picture is, and how many pictures the whole has. */
  readonly part?: { readonly first: number; readonly of: number }
}
