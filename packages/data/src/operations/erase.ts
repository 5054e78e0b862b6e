// Overwriting a rectangle, with one colour or with noise that a seed determines.

import type { Box, Picture } from '../picture.ts'
import { Random } from '../random.ts'
import { type Fill, requireFill } from './padding.ts'

/** What is written: a colour, or bytes drawn from a seed, each of 0 to 255 equally likely. */
export type Erasing = Fill | { readonly noiseSeed: number }

/** A copy of the picture with `box`, which lies inside, overwritten. */
export function erase(picture: Picture, box: Box, value: Erasing = 0): Picture {
  const { width, height } = picture
  const data = picture.data.slice()
  const random =
    typeof value === 'object' && 'noiseSeed' in value ? new Random(value.noiseSeed) : undefined
  const [red, green, blue] = colorOf(value)
  requireFill('erase', [red, green, blue], 'value')
  for (let row = box.top; row < box.top + box.height; row++) {
    const start = (row * width + box.left) * 3
    for (let at = start; at < start + box.width * 3; at += 3) {
      const noise = random?.bits() ?? 0
      data[at] = random ? noise & 255 : red
      data[at + 1] = random ? (noise >> 8) & 255 : green
      data[at + 2] = random ? (noise >> 16) & 255 : blue
    }
  }
  return { width, height, data }
}

function colorOf(value: Erasing): readonly [number, number, number] {
  if (typeof value === 'number') return [value, value, value]
  return 'noiseSeed' in value ? [0, 0, 0] : value
}
