import { expect, it } from 'vitest'
import { narrowToFloat16, widenBfloat16, widenFloat16 } from './half.ts'

const floatOf = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)[0]!

it('gives back all 65,536 float16 numbers', () => {
  const bits = Uint16Array.from({ length: 65536 }, (_, i) => i)
  const values = widenFloat16(bits)
  const back = narrowToFloat16(values)
  for (let i = 0; i < 65536; i++) {
    if (Number.isNaN(values[i])) expect(back[i]! & 0x7c00).toBe(0x7c00)
    else expect(back[i]).toBe(i)
  }
})

it('rounds to the nearest float16 as an independent search does', () => {
  const sorted = widenFloat16(Uint16Array.from({ length: 0x7c00 }, (_, i) => i))
  const nearest = (value: number) => {
    let [low, high] = [0, 0x7bff]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (sorted[middle]! <= value) low = middle
      else high = middle
    }
    const [below, above] = [value - sorted[low]!, sorted[high]! - value]
    return below < above || (below === above && low % 2 === 0) ? low : high
  }
  let seed = 1
  for (let i = 0; i < 20_000; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    // Exponents from 2⁻²⁶ to 2¹⁵, any fraction; every fourth exactly half-way between two.
    const bits = ((101 + (seed % 41)) << 23) | ((seed >>> 9) & (i % 4 ? 0x7fffff : 0x7ff000))
    const value = floatOf(bits)
    if (value > 65504) continue
    expect([value, narrowToFloat16(Float32Array.of(value))[0]]).toEqual([value, nearest(value)])
    expect(narrowToFloat16(Float32Array.of(-value))[0]).toBe(nearest(value) | 0x8000)
  }
})

it('overflows to infinity from 65520 on and keeps not-a-number', () => {
  const bits = narrowToFloat16(
    Float32Array.of(65519, 65520, 65537, 131071, -1e9, Number.NaN, Number.POSITIVE_INFINITY),
  )
  expect([...bits]).toEqual([0x7bff, 0x7c00, 0x7c00, 0x7c00, 0xfc00, 0x7e00, 0x7c00])
})

it('fades to zero below 2⁻²⁵, down to the least float32', () => {
  for (let exponent = -26; exponent >= -149; exponent--) {
    const value = 1.5 * 2 ** exponent
    expect([...narrowToFloat16(Float32Array.of(value, -value))]).toEqual([0, 0x8000])
  }
})

it('widens bfloat16 by its bits', () => {
  expect([...widenBfloat16(Uint16Array.of(0x3f80, 0xc049, 0x0001))]).toEqual([
    1,
    -3.140625,
    floatOf(0x10000),
  ])
})
