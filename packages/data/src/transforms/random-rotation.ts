// Turning by a drawn angle, as torchvision's `RandomRotation`.

import { type Point, type RotateOptions, rotate, rotatedSize } from '../operations/geometry.ts'
import { requireWarp } from '../operations/warp.ts'
import { type Range, readSymmetric } from './checks.ts'
import type { Transform } from './transform.ts'

/** Options of `randomRotation`: `interpolation` (default nearest), `fill` (black), and these. */
export interface RandomRotationOptions extends RotateOptions {
  /** Degrees counter-clockwise: from [−x, x], or from the given range. */
  degrees: number | Range
  /** Makes the result large enough to hold all of the turned picture. Default false. */
  expand?: boolean
  /** The point that stays; default the middle. */
  center?: Point
}

/** Turns by an angle drawn from `degrees`. */
export function randomRotation(options: RandomRotationOptions): Transform<{ angle: number }> {
  const { degrees, ...how } = options
  const range = readSymmetric('randomRotation', 'degrees', degrees)
  requireWarp('randomRotation', how)
  return {
    name: 'randomRotation',
    settings: [options],
    sample: (random) => ({ angle: random.uniform(range[0], range[1]) }),
    outputSize: (size, { angle }) => rotatedSize(size, angle, how),
    apply: (picture, { angle }) => rotate(picture, angle, how),
  }
}
