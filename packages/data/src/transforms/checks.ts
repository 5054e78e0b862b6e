// Checks and readings of options that several transforms share, with torchvision's rules.

/** A side in pixels, or `[height, width]`, as options give it. */
export type SizeOption = number | readonly [height: number, width: number]

/** From least to greatest. */
export type Range = readonly [least: number, greatest: number]

/** @throws RangeError where the size is not of positive whole numbers. */
export function readSize(name: string, size: SizeOption): [height: number, width: number] {
  const [height, width] = typeof size === 'number' ? [size, size] : size
  if (!Number.isInteger(height) || !Number.isInteger(width) || height < 1 || width < 1) {
    throw new RangeError(`${name}: the size must be positive whole numbers, not ${size}`)
  }
  return [height, width]
}

/** @throws RangeError where `p` is not from 0 to 1. */
export function requireProbability(name: string, p: number): void {
  if (!(p >= 0 && p <= 1)) {
    throw new RangeError(`${name}: p must be a probability from 0 to 1, not ${p}`)
  }
}

/** `[−x, x]` for a number, the pair itself otherwise. */
export function readSymmetric(name: string, option: string, value: number | Range): Range {
  if (typeof value !== 'number') return readRange(name, option, value)
  if (!(value >= 0)) {
    throw new RangeError(`${name}: ${option} as one number must be from 0 up, not ${value}`)
  }
  return [-value, value]
}

/** @throws RangeError where the range is the wrong way round or leaves `bounds`. */
export function readRange(
  name: string,
  option: string,
  range: Range,
  bounds: Range = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
): Range {
  const [least, greatest] = range
  if (!(least <= greatest && least >= bounds[0] && greatest <= bounds[1])) {
    const where =
      bounds[0] === Number.MIN_VALUE
        ? ', above 0'
        : bounds[0] === 0 && bounds[1] === Number.POSITIVE_INFINITY
          ? ', from 0 up'
          : Number.isFinite(bounds[0])
            ? `, from ${bounds[0]} to ${bounds[1]}`
            : ''
    throw new RangeError(
      `${name}: ${option} must be [least, greatest]${where}, not [${range.join(', ')}]`,
    )
  }
  return range
}

/** @throws RangeError where the value is not a whole number from `least` up. */
export function requireWhole(name: string, option: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw new RangeError(`${name}: ${option} must be a whole number from ${least} up, not ${value}`)
  }
}
