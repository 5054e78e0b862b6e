// The two passes of Pillow's resize (../resample.ts says more) on vectors. Sums are the same 32-bit
// integers as there, so the bytes are the same.

const PRECISION_BITS: i32 = 22

/**
 * The horizontal pass. Each output pixel is the weighted sum of `taps[i]` pixels from `first[i]` on.
 * @param source the first pixel of the first row; rows are `stride` bytes apart, 16 spare at the end
 * @param weights `weightStride` 32-bit weights an output pixel, zero behind its taps
 * @param out rows of `3 * columns` bytes without gaps, 16 spare at the end
 */
export function resampleRows(
  source: u32,
  stride: i32,
  rows: i32,
  first: u32,
  taps: u32,
  weights: u32,
  weightStride: i32,
  columns: i32,
  out: u32,
): void {
  const half = i32x4.splat(1 << (PRECISION_BITS - 1))
  for (let row = 0; row < rows; row++) {
    let to = out + row * columns * 3
    let weightRow = weights
    for (let x = 0; x < columns; x++) {
      let from = source + row * stride + load<i32>(first + (x << 2)) * 3
      const count = load<i32>(taps + (x << 2))
      let sum = half
      let other = i32x4.splat(0)
      let tap = 0
      for (; tap + 1 < count; tap += 2) {
        const place = weightRow + (tap << 2)
        const two = i16x8.extend_low_i8x16_u(v128.load64_zero(from))
        sum = i32x4.add(
          sum,
          i32x4.mul(i32x4.extend_low_i16x8_u(two), v128.load32_splat(place)),
        )
        const next = i16x8.shuffle(two, two, 3, 4, 5, 6, 3, 4, 5, 6)
        other = i32x4.add(
          other,
          i32x4.mul(i32x4.extend_low_i16x8_u(next), v128.load32_splat(place, 4)),
        )
        from += 6
      }
      if (tap < count) {
        const one = i16x8.extend_low_i8x16_u(v128.load32_zero(from))
        sum = i32x4.add(
          sum,
          i32x4.mul(i32x4.extend_low_i16x8_u(one), v128.load32_splat(weightRow + (tap << 2))),
        )
      }
      const shifted = i32x4.shr_s(i32x4.add(sum, other), PRECISION_BITS)
      const words = i16x8.narrow_i32x4_s(shifted, shifted)
      // The fourth byte is the next pixel's place, which is written over.
      v128.store32_lane(to, i8x16.narrow_i16x8_u(words, words), 0)
      to += 3
      weightRow += weightStride << 2
    }
  }
}

/**
 * The vertical pass over rows of `rowBytes` bytes without gaps; `first` counts from row `firstRow`,
 * with which `source` begins. Sixteen bytes may be read and written behind either.
 */
export function resampleColumns(
  source: u32,
  rowBytes: i32,
  firstRow: i32,
  first: u32,
  taps: u32,
  weights: u32,
  weightStride: i32,
  rows: i32,
  out: u32,
): void {
  const half = i32x4.splat(1 << (PRECISION_BITS - 1))
  for (let row = 0; row < rows; row++) {
    const from = source + (load<i32>(first + (row << 2)) - firstRow) * rowBytes
    const count = load<i32>(taps + (row << 2))
    const weightRow = weights + ((row * weightStride) << 2)
    const to = out + row * rowBytes
    for (let x = 0; x < rowBytes; x += 16) {
      let sum0 = half
      let sum1 = half
      let sum2 = half
      let sum3 = half
      let place = from + x
      for (let tap = 0; tap < count; tap++) {
        const weight = v128.load32_splat(weightRow + (tap << 2))
        const bytes = v128.load(place)
        const low = i16x8.extend_low_i8x16_u(bytes)
        const high = i16x8.extend_high_i8x16_u(bytes)
        sum0 = i32x4.add(sum0, i32x4.mul(i32x4.extend_low_i16x8_u(low), weight))
        sum1 = i32x4.add(sum1, i32x4.mul(i32x4.extend_high_i16x8_u(low), weight))
        sum2 = i32x4.add(sum2, i32x4.mul(i32x4.extend_low_i16x8_u(high), weight))
        sum3 = i32x4.add(sum3, i32x4.mul(i32x4.extend_high_i16x8_u(high), weight))
        place += rowBytes
      }
      v128.store(
        to + x,
        i8x16.narrow_i16x8_u(
          i16x8.narrow_i32x4_s(i32x4.shr_s(sum0, PRECISION_BITS), i32x4.shr_s(sum1, PRECISION_BITS)),
          i16x8.narrow_i32x4_s(i32x4.shr_s(sum2, PRECISION_BITS), i32x4.shr_s(sum3, PRECISION_BITS)),
        ),
      )
    }
  }
}
