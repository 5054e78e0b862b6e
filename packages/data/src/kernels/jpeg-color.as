// From a JPEG picture's planes to RGB, to the very bytes of libjpeg-turbo: "fancy" chroma upsampling and the
// conversion from YCbCr (jdsample, jdcolor), for the rows and columns of a window.

import { mixHigh, mixLow, pair } from './jpeg-transform'

@unmanaged
export class ConvertParameters {
  /** 1 (grey) or 3 (YCbCr). */
  components: i32
  /** Planes of Y, Cb and Cr. */
  luma: u32
  blue: u32
  red: u32
  lumaStride: i32
  chromaStride: i32
  /** Chroma samples a picture has across and down. */
  chromaWidth: i32
  chromaHeight: i32
  /** 1 or 2 pixels a chroma sample, across and down. */
  horizontal: i32
  vertical: i32
  /** Pixels to write: columns from `left` (even) to `right`, rows from `top` to `bottom`. */
  left: i32
  right: i32
  top: i32
  bottom: i32
  /** Bytes of the picture, rows of `outStride` bytes; at least 32 more behind it. */
  out: u32
  outStride: i32
  /** Room for a row of each chroma plane at full width, and one of 16-bit sums; 64 spare each. */
  blueRow: u32
  redRow: u32
  sums: u32
}

/** Upsamples, converts and writes the rows of the window. */
export function convertRows(p: ConvertParameters): void {
  const left = p.left
  const length = p.right - left
  for (let y = p.top; y < p.bottom; y++) {
    const luma = p.luma + y * p.lumaStride + left
    const out = p.out + y * p.outStride + left * 3
    if (p.components === 1) {
      spreadGrey(luma, out, length)
      continue
    }
    const chroma = (p.vertical === 2 ? y >> 1 : y) * p.chromaStride
    if (p.horizontal === 1) {
      convertRow(luma, p.blue + chroma + left, p.red + chroma + left, out, length)
      continue
    }
    const row = p.vertical === 2 ? y >> 1 : y
    // The row of chroma on the other side of this row of pixels; at the edges, the row itself.
    const other = max(0, min(p.chromaHeight - 1, row + ((y & 1) << 1) - 1))
    const neighbour = p.vertical === 2 ? other * p.chromaStride : chroma
    upsample(p, p.blue + chroma, p.blue + neighbour, p.blueRow)
    upsample(p, p.red + chroma, p.red + neighbour, p.redRow)
    convertRow(luma, p.blueRow, p.redRow, out, length)
  }
}

/**
 * jdsample's fancy upsampling of one row for the columns of the window: a triangle filter, across
 * alone (h2v1) or both ways (h2v2), rounded up and down in turn.
 */
function upsample(p: ConvertParameters, nearer: u32, further: u32, out: u32): void {
  const both = p.vertical === 2
  const first = p.left >> 1
  const end = min(p.chromaWidth, (p.right + 1) >> 1)
  const sums = p.sums + 16
  // 16-bit sums of the columns, with one more on each side (at the edges, the outermost again).
  const from = max(0, first - 1)
  const to = min(p.chromaWidth, end + 1)
  const three = i16x8.splat(3)
  for (let x = from; x < to; x += 8) {
    let sum = i16x8.extend_low_i8x16_u(v128.load64_zero(nearer + x))
    if (both) {
      const more = i16x8.extend_low_i8x16_u(v128.load64_zero(further + x))
      sum = i16x8.add(i16x8.mul(sum, three), more)
    }
    v128.store(sums + ((x - first) << 1), sum)
  }
  if (first === 0) store<u16>(sums - 2, load<u16>(sums))
  if (end === p.chromaWidth) {
    store<u16>(sums + ((end - first) << 1), load<u16>(sums + ((end - 1 - first) << 1)))
  }
  const shift = both ? 4 : 2
  const roundLeft = i16x8.splat(both ? 8 : 1)
  const roundRight = i16x8.splat(both ? 7 : 2)
  for (let x = 0; x < end - first; x += 8) {
    const place = sums + (x << 1)
    const middle = i16x8.mul(v128.load(place), three)
    const leftHalf = i16x8.shr_u(
      i16x8.add(i16x8.add(middle, v128.load(place - 2)), roundLeft),
      shift,
    )
    const rightHalf = i16x8.shr_u(
      i16x8.add(i16x8.add(middle, v128.load(place + 2)), roundRight),
      shift,
    )
    v128.store(out + (x << 1), v128.or(leftHalf, i16x8.shl(rightHalf, 8)))
  }
}

/** YCbCr to RGB as jdcolor's tables give it, eight pixels at a time. */
function convertRow(luma: u32, blue: u32, red: u32, out: u32, length: i32): void {
  const center = i16x8.splat(128)
  const two = i16x8.splat(2)
  const half = i32x4.splat(1 << 15)
  const forRed = pair(26345, 16384) // 0.402, and the half that rounds
  const forBlue = pair(-14942, 16384) // -0.228
  const forGreen = pair(-22554, 18734) // -0.34414, 1 - 0.71414
  for (let x = 0; x < length; x += 8) {
    const y = i16x8.extend_low_i8x16_u(v128.load64_zero(luma + x))
    const cb = i16x8.sub(i16x8.extend_low_i8x16_u(v128.load64_zero(blue + x)), center)
    const cr = i16x8.sub(i16x8.extend_low_i8x16_u(v128.load64_zero(red + x)), center)
    const r = i16x8.add(i16x8.add(y, cr), scaled(cr, two, forRed))
    const b = i16x8.add(i16x8.add(y, i16x8.add(cb, cb)), scaled(cb, two, forBlue))
    const greenLow = i32x4.shr_s(i32x4.add(i32x4.dot_i16x8_s(mixLow(cb, cr), forGreen), half), 16)
    const greenHigh = i32x4.shr_s(i32x4.add(i32x4.dot_i16x8_s(mixHigh(cb, cr), forGreen), half), 16)
    const g = i16x8.add(i16x8.sub(y, cr), i16x8.narrow_i32x4_s(greenLow, greenHigh))
    const redGreen = i8x16.narrow_i16x8_u(r, g)
    const blues = i8x16.narrow_i16x8_u(b, b)
    const to = out + x * 3
    v128.store(
      to,
      i8x16.shuffle(redGreen, blues, 0, 8, 16, 1, 9, 17, 2, 10, 18, 3, 11, 19, 4, 12, 20, 5),
    )
    v128.store64_lane(
      to + 16,
      i8x16.shuffle(redGreen, blues, 13, 21, 6, 14, 22, 7, 15, 23, 0, 0, 0, 0, 0, 0, 0, 0),
      0,
    )
  }
}

// @ts-ignore: decorator
@inline
function scaled(chroma: v128, two: v128, factors: v128): v128 {
  return i16x8.narrow_i32x4_s(
    i32x4.shr_s(i32x4.dot_i16x8_s(mixLow(chroma, two), factors), 16),
    i32x4.shr_s(i32x4.dot_i16x8_s(mixHigh(chroma, two), factors), 16),
  )
}

function spreadGrey(luma: u32, out: u32, length: i32): void {
  for (let x = 0; x < length; x++) {
    const value = load<u8>(luma + x)
    const to = out + x * 3
    store<u8>(to, value)
    store<u8>(to, value, 1)
    store<u8>(to, value, 2)
  }
}
