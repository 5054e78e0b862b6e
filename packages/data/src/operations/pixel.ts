// Pillow's arithmetic on single values, shared by the operations: grey of a pixel, blend of two
// bytes.

/** ITU-R 601 grey in 16-bit fixed point, 0 to 255. */
export function grayLevel(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16
}

/**
 * Pillow's `Image.blend` of two bytes, in float32, cut off below the point: 0 gives `from`, 1
 * gives `to`, more goes beyond it.
 */
export function blend(from: number, to: number, factor: number): number {
  const value = Math.fround(from + Math.fround(Math.fround(factor) * (to - from)))
  return Math.trunc(clip(value))
}

/**
 * `factor · difference` in float32 for the differences −255 to 255 of two bytes, from index 0 on:
 * with it `blend(from, to)` is `clip(fround(from + products[to − from + 255]))`.
 */
export function blendProducts(factor: number): Float32Array {
  const products = new Float32Array(511)
  const single = Math.fround(factor)
  for (let at = 0; at < 511; at++) products[at] = single * (at - 255)
  return products
}

/** Into 0 to 255; a byte array then cuts off what is below the point. */
export function clip(value: number): number {
  return Math.max(0, Math.min(255, value))
}

/** @throws RangeError where a factor is not a number from 0 up. */
export function requireFactor(name: string, factor: number): void {
  if (!(factor >= 0 && factor < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`${name}: the factor must be a number from 0 up, not ${factor}`)
  }
}
