// Half precision for the wire: float32 rounded to the nearest float16, ties to even, and back. Arrays of the
// language itself (Float16Array) are younger than the oldest Node that is supported.

const word = new Float32Array(1)
const bits = new Uint32Array(word.buffer)

/** Rounds to float16, the numbers' bits in `out`; too large ones become infinite. */
export function toHalves(values: Float32Array, out: Uint16Array): void {
  for (let at = 0; at < values.length; at++) {
    word[0] = values[at]!
    const pattern = bits[0]!
    const sign = (pattern >>> 16) & 0x8000
    const rest = pattern & 0x7fffffff
    if (rest >= 0x47800000) {
      // 65536 and more, infinite, or no number.
      out[at] = sign | (rest > 0x7f800000 ? 0x7e00 : 0x7c00)
    } else if (rest >= 0x38800000) {
      // Normal: the exponent's bias goes from 127 to 15; a carry of the rounding runs into the exponent rightly.
      out[at] = sign | ((rest - 0x38000000 + 0xfff + ((rest >>> 13) & 1)) >>> 13)
    } else {
      // Subnormal: adding 0.5 has the hardware round to multiples of 2^-24.
      bits[0] = rest
      word[0] = word[0]! + 0.5
      out[at] = sign | (bits[0]! - 0x3f000000)
    }
  }
}

let table: Float32Array | undefined

/** All 65,536 halves as float32. */
function halves(): Float32Array {
  if (table) return table
  table = new Float32Array(65536)
  for (let half = 0; half < 65536; half++) {
    const exponent = (half >>> 10) & 31
    const fraction = half & 1023
    const size =
      exponent === 0
        ? fraction * 2 ** -24
        : exponent === 31
          ? fraction === 0
            ? Number.POSITIVE_INFINITY
            : Number.NaN
          : (1 + fraction / 1024) * 2 ** (exponent - 15)
    table[half] = half & 0x8000 ? -size : size
  }
  return table
}

/** The float32 numbers that halves stand for. */
export function fromHalves(values: Uint16Array, out: Float32Array): void {
  const numbers = halves()
  for (let at = 0; at < values.length; at++) out[at] = numbers[values[at]!]!
}
