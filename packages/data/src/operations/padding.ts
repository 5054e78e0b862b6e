// What lies beyond a picture's edge, in the four ways of torchvision's `pad`.

/**
 * `constant`: one colour; `edge`: the outermost pixel; `reflect`: mirrored at the outermost pixel
 * (… 2 1 | 0 1 2 …); `symmetric`: mirrored at the edge (… 1 0 | 0 1 2 …).
 */
export type PaddingMode = 'constant' | 'edge' | 'reflect' | 'symmetric'

/** A colour of 0 to 255: one grey or `[red, green, blue]`. */
export type Fill = number | readonly [red: number, green: number, blue: number]

const paddingModes: readonly string[] = ['constant', 'edge', 'reflect', 'symmetric']

/** @throws RangeError where there is no such mode. */
export function requirePaddingMode(name: string, mode: PaddingMode = 'constant'): void {
  if (!paddingModes.includes(mode)) {
    throw new RangeError(
      `${name}: paddingMode must be one of ${paddingModes.join(', ')}, not ${JSON.stringify(mode)}`,
    )
  }
}

/** @throws RangeError where the colour is none of 0 to 255; `option` is its name in the message. */
export function requireFill(name: string, fill: Fill = 0, option = 'fill'): void {
  const channels: readonly unknown[] = typeof fill === 'number' ? [fill] : Object(fill)
  const isColor =
    Array.isArray(channels) &&
    (typeof fill === 'number' || channels.length === 3) &&
    channels.every((value) => typeof value === 'number' && value >= 0 && value <= 255)
  if (!isColor) {
    throw new RangeError(
      `${name}: ${option} must be a grey of 0 to 255 or [red, green, blue] of such, not ${JSON.stringify(fill)}`,
    )
  }
}

/** The pixel, 0 to `length − 1`, that stands at `position`, which may lie outside. */
export function foldPosition(
  position: number,
  length: number,
  mode: Exclude<PaddingMode, 'constant'>,
): number {
  if (mode === 'edge') return Math.max(0, Math.min(length - 1, position))
  return mode === 'reflect' ? reflect(position, length) : mirror(position, length)
}

/** numpy's `reflect`: … 2 1 | 0 1 2 … n−1 | n−2 n−3 …, as often as needed. */
export function reflect(position: number, length: number): number {
  if (position >= 0 && position < length) return position
  if (length === 1) return 0
  const period = 2 * (length - 1)
  const folded = ((position % period) + period) % period
  return folded < length ? folded : period - folded
}

/** numpy's `symmetric`: … 1 0 | 0 1 2 … n−1 | n−1 n−2 …, as often as needed. */
function mirror(position: number, length: number): number {
  const period = 2 * length
  const folded = ((position % period) + period) % period
  return folded < length ? folded : period - 1 - folded
}

/** Fills `data` with one colour, cut off to whole numbers. */
export function fillColor(data: Uint8Array, fill: Fill): void {
  if (typeof fill === 'number') {
    data.fill(fill)
    return
  }
  const [red, green, blue] = fill
  for (let at = 0; at < data.length; at += 3) {
    data[at] = red
    data[at + 1] = green
    data[at + 2] = blue
  }
}
