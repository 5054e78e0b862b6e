// The picture seen from a drawn angle: its corners move inwards, as in torchvision's
// `RandomPerspective`.

import { type Corners, type Point, perspective } from '../operations/geometry.ts'
import { requireWarp, type WarpOptions } from '../operations/warp.ts'
import type { Size } from '../picture.ts'
import { requireProbability } from './checks.ts'
import type { Transform } from './transform.ts'

/** Options of `randomPerspective`: `interpolation` (default bilinear), `fill` (black), and these. */
export interface RandomPerspectiveOptions extends Omit<WarpOptions, 'size'> {
  /** How far the corners move at most, as a share of half the side, 0 to 1. Default 0.5. */
  distortionScale?: number
  /** Default 0.5. */
  p?: number
}

/** Where the four corners go, or null where the picture stays as it is. */
export type RandomPerspectiveParameters = { readonly corners: Corners } | null

/** Moves each corner inwards by whole pixels, each number of them equally likely. */
export function randomPerspective(
  options: RandomPerspectiveOptions = {},
): Transform<RandomPerspectiveParameters> {
  const { distortionScale = 0.5, p = 0.5, ...how } = options
  requireProbability('randomPerspective', p)
  requireWarp('randomPerspective', how)
  if (!(distortionScale >= 0 && distortionScale <= 1)) {
    throw new RangeError(
      `randomPerspective: distortionScale must be from 0 to 1, not ${distortionScale}`,
    )
  }
  return {
    name: 'randomPerspective',
    settings: [options],
    sample(random, { width, height }) {
      if (random.float() >= p) return null
      const mostX = Math.trunc(distortionScale * Math.floor(width / 2))
      const mostY = Math.trunc(distortionScale * Math.floor(height / 2))
      const near = (most: number) => random.integer(most + 1)
      const far = (most: number, length: number) => length - 1 - most + random.integer(most + 1)
      const corners: Corners = [
        [near(mostX), near(mostY)],
        [far(mostX, width), near(mostY)],
        [far(mostX, width), far(mostY, height)],
        [near(mostX), far(mostY, height)],
      ]
      return { corners }
    },
    outputSize: (size) => size,
    apply: (picture, parameters) =>
      parameters ? perspective(picture, cornersOf(picture), parameters.corners, how) : picture,
  }
}

/** The middles' grid of the outermost pixels, as torchvision counts it. */
function cornersOf({ width, height }: Size): Corners {
  const [right, bottom] = [width - 1, height - 1]
  const corner = (x: number, y: number): Point => [x, y]
  return [corner(0, 0), corner(right, 0), corner(right, bottom), corner(0, bottom)]
}
