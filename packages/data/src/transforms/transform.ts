// The shape of a transform: drawing its parameters is one step, applying them another. Drawing
// needs a random stream and the picture's size, but no pixels; applying is pure, so the same
// parameters give the same picture on every machine and can be tested against torchvision's. A
// pipeline is a list of transforms and is itself one.

import type { Box, Picture, Size } from '../picture.ts'
import type { Random } from '../random.ts'

/** One step from picture to picture. `P` is what is drawn: plain numbers that JSON can hold. */
export interface Transform<P = unknown> {
  /** torchvision's name of it, first letter small. */
  readonly name: string
  /**
   * The arguments it was made with, plain data: `createTransform({ name, settings })` makes it again
   * elsewhere, in a worker say. Left out by transforms that are not this package's.
   */
  readonly settings?: readonly unknown[]
  /** Draws the parameters for a picture of `size`. Transforms without chance ignore `random`. */
  sample(random: Random, size: Size): P
  /** The size of the result for these parameters. */
  outputSize(size: Size, parameters: P): Size
  /** Makes the picture; never changes its input, but may return it where nothing is to be done. */
  apply(picture: Picture, parameters: P): Picture
  /**
   * Optional: makes only the part `window` of what `apply` would make, the same pixels for less
   * work. A pipeline uses it where the next transform has a `window`.
   */
  applyWindow?(picture: Picture, parameters: P, window: Box): Picture
  /** Optional, for a transform that only cuts a part out: that part, perhaps outside the picture. */
  window?(parameters: P): Box
  /**
   * Optional, for a transform whose result depends on a part of the picture alone: that part, inside
   * the picture. The other pixels need not be decoded.
   */
  reads?(parameters: P): Box
}

/** Runs the transforms one after the other; the parameters are the list of theirs. */
export function compose(transforms: readonly Transform[]): Transform<readonly unknown[]> {
  return {
    name: 'compose',
    ...settingsOf(transforms),
    sample(random, size) {
      let current = size
      return transforms.map((transform) => {
        const parameters = transform.sample(random, current)
        current = transform.outputSize(current, parameters)
        return parameters
      })
    },
    outputSize: (size, parameters) =>
      transforms.reduce((current, step, at) => step.outputSize(current, parameters[at]), size),
    apply(picture, parameters) {
      let current = picture
      for (let at = 0; at < transforms.length; at++) {
        const step = transforms[at]!
        const window = transforms[at + 1]?.window?.(parameters[at + 1])
        const size = step.outputSize(current, parameters[at])
        if (step.applyWindow && window && isInside(window, size)) {
          current = step.applyWindow(current, parameters[at], window)
          at++
        } else {
          current = step.apply(current, parameters[at])
        }
      }
      return current
    },
  }
}

/** A transform as plain data; see `createTransform`. */
export interface TransformRecipe {
  readonly name: string
  readonly settings?: readonly unknown[]
}

/** The names and settings of transforms, without their functions. */
export function recipesOf(transforms: readonly Transform[]): TransformRecipe[] {
  return transforms.map(({ name, settings }) => (settings ? { name, settings } : { name }))
}

function isInside({ left, top, width, height }: Box, size: Size): boolean {
  return left >= 0 && top >= 0 && left + width <= size.width && top + height <= size.height
}

/** The settings of a transform that is made of others: none where one of them has none, as it cannot be made again. */
export function settingsOf(
  transforms: readonly Transform[],
  ...options: readonly unknown[]
): Pick<Transform, 'settings'> {
  const isWhole = transforms.every(({ settings }) => settings !== undefined)
  return isWhole ? { settings: [recipesOf(transforms), ...options] } : {}
}

/** Draws and applies in one go. */
export function transformPicture(transform: Transform, picture: Picture, random: Random): Picture {
  return transform.apply(picture, transform.sample(random, picture))
}

/** Python's `round`: halves go to the even neighbour. torchvision's crops depend on it. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}
