// Half-precision numbers, float16 (IEEE 754 binary16) and bfloat16, to float32 and back. JavaScript has
// no arrays of them in every engine this package runs in (Float16Array is newer), so files' elements
// come and go as their bits in a Uint16Array.

let float16Table: Float32Array | undefined

/** All 65,536 float16 values: widening 61 million weights is one look-up each. 256 KB, made once. */
function float16Values(): Float32Array {
  if (float16Table) return float16Table
  float16Table = new Float32Array(65536)
  for (let bits = 0; bits < 65536; bits++) {
    const sign = bits & 0x8000 ? -1 : 1
    const exponent = (bits >> 10) & 31
    const fraction = bits & 1023
    float16Table[bits] =
      exponent === 31
        ? fraction
          ? Number.NaN
          : sign * Number.POSITIVE_INFINITY
        : exponent === 0
          ? sign * fraction * 2 ** -24
          : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
  }
  return float16Table
}

/** float16 bits to float32, exactly; not-a-numbers become the one of JavaScript. */
export function widenFloat16(bits: Uint16Array): Float32Array {
  const table = float16Values()
  const values = new Float32Array(bits.length)
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]!]!
  return values
}

/** bfloat16 bits to float32, exactly: bfloat16 is the upper half of a float32. */
export function widenBfloat16(bits: Uint16Array): Float32Array {
  const wide = new Uint32Array(bits.length)
  for (let i = 0; i < bits.length; i++) wide[i] = bits[i]! << 16
  return new Float32Array(wide.buffer)
}

/**
 * float32 to the nearest float16 (ties to the even one), as bits. Beyond ±65504 the nearest is infinity;
 * below 2⁻²⁴ numbers fade to zero through the subnormal ones.
 */
export function narrowToFloat16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const bits = new Uint16Array(values.length)
  for (let i = 0; i < words.length; i++) bits[i] = nearestFloat16(words[i]!)
  return bits
}

function nearestFloat16(word: number): number {
  const sign = (word >>> 16) & 0x8000
  const exponent = (word >>> 23) & 255
  const fraction = word & 0x7fffff
  if (exponent === 255) return sign | 0x7c00 | (fraction ? 0x200 : 0)
  const target = exponent - 127 + 15
  if (target >= 31) return sign | 0x7c00
  // A carry out of the rounded fraction runs into the exponent, which is the right next number.
  if (target > 0) return sign | (((target << 10) | (fraction >>> 13)) + roundUp(fraction, 13))
  if (target < -10) return sign
  const shift = 14 - target
  const whole = fraction | 0x800000
  return sign | ((whole >>> shift) + roundUp(whole, shift))
}

/** 1 when the `shift` bits that get lost are more than half, or half before an odd bit. */
function roundUp(value: number, shift: number): number {
  const lost = value & ((1 << shift) - 1)
  const half = 1 << (shift - 1)
  return lost > half || (lost === half && (value >>> shift) & 1) ? 1 : 0
}
