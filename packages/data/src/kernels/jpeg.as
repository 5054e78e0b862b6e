// The two inner loops of decoding a baseline JPEG picture (ITU-T T.81) to the very bytes that
// libjpeg-turbo gives: Huffman decoding with the accurate integer inverse DCT ("islow", jidctint),
// and "fancy" chroma upsampling with the conversion from YCbCr to RGB (jdsample, jdcolor). Markers and
// tables are read in ../jpeg-header.ts.
//
// Only blocks that a window of the picture needs are transformed, and decoding stops below the last of
// them: a random crop leaves out most of the work but reading the bits above it.

@unmanaged
export class ScanParameters {
  /** Compressed bytes of the scan, and where they end. */
  data: u32
  end: u32
  /** Units (MCUs) across, and the row of units to stop before. */
  unitsAcross: i32
  unitRows: i32
  /** First and past-the-last unit, and first row of units, whose pixels are needed. */
  firstUnit: i32
  endUnit: i32
  firstUnitRow: i32
  /** Units between restart markers, or 0. */
  restartInterval: i32
  components: i32
  /** `ComponentParameters`, one after the other. */
  component: u32
  /** Room for one block: 64 16-bit coefficients, then 16 spare. */
  block: u32
  /** The zigzag order as bytes, 64 and 16 spare. */
  zigzag: u32
}

@unmanaged
export class ComponentParameters {
  /** Blocks of the component across and down a unit. */
  across: i32
  down: i32
  /** Its plane of bytes, and bytes a row of it. */
  plane: u32
  stride: i32
  /** 64 16-bit factors in natural order. */
  quantization: u32
  /** Huffman tables, see `decodeSymbol`. */
  dcTable: u32
  acTable: u32
  /** DC of the block before. */
  prediction: i32
}

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

// Bits not yet used, the newest at the lower end; how many; where the next byte is.
let bits: u64 = 0
let count: i32 = 0
let at: u32 = 0
let last: u32 = 0
/** Zero bits made up after the end of the data. */
let madeUp: i32 = 0

/** Tops the bits up to at least 32. */
// @ts-ignore: decorator
@inline
function refill(): void {
  if (count > 32) return
  if (at + 4 <= last) {
    const word = load<u32>(at)
    // No byte of it is 0xff: no stuffing, no marker.
    if (((~word - 0x01010101) & word & 0x80808080) === 0) {
      bits = (bits << 32) | u64(bswap<u32>(word))
      count += 32
      at += 4
      return
    }
  }
  refillSlowly()
}

function refillSlowly(): void {
  while (count <= 48) {
    let byte: u32 = 0
    if (at < last) {
      byte = load<u8>(at)
      if (byte !== 0xff) {
        at++
      } else if (at + 1 < last && load<u8>(at + 1) === 0) {
        at += 2
      } else {
        byte = 0 // a marker, or a lone 0xff at the end: nothing more to read
        madeUp += 8
      }
    } else {
      madeUp += 8
    }
    bits = (bits << 8) | u64(byte)
    count += 8
  }
}

/**
 * The symbol of the code that comes next. A table has 512 16-bit entries `length << 8 | symbol`
 * looked up by nine bits; 0 there stands for a longer code, found by comparing with the largest code
 * of each length: 18 32-bit values from byte 1024 on (`limit[length]`, left-aligned to 16 bits), 18
 * offsets from byte 1096 on, the symbols from byte 1168 on. At 1424 begins the AC table's table of
 * whole coefficients, 1024 32-bit entries, see `decodeBlock`.
 */
// @ts-ignore: decorator
@inline
function decodeSymbol(table: u32): i32 {
  const entry: u32 = load<u16>(table + ((u32(bits >> (count - 9)) & 511) << 1))
  if (entry !== 0) {
    count -= entry >> 8
    return entry & 255
  }
  return decodeLongSymbol(table)
}

function decodeLongSymbol(table: u32): i32 {
  const next = u32(bits >> (count - 16)) & 0xffff
  let length: u32 = 10
  while (length <= 16 && next >= load<u32>(table + 1024 + (length << 2))) length++
  if (length > 16) return -1
  count -= length
  const place = (next >> (16 - length)) + load<u32>(table + 1096 + (length << 2))
  return load<u8>(table + 1168 + (place & 255))
}

/** A number of `size` bits as T.81 figure F.12 extends it. */
// @ts-ignore: decorator
@inline
function receive(size: i32): i32 {
  count -= size
  const value = i32(bits >> count) & ((1 << size) - 1)
  return value < 1 << (size - 1) ? value - (1 << size) + 1 : value
}

/**
 * Reads one block to `block`, which must be zero. Most codes and the number behind them fit ten bits
 * together: for these, the AC table has `value << 16 | run << 8 | bits`.
 * @returns the zigzag place of the last coefficient, or -1 for a code that there is not
 */
function decodeBlock(block: u32, component: ComponentParameters, zigzag: u32): i32 {
  refill()
  const size = decodeSymbol(component.dcTable)
  if (size < 0 || size > 15) return -1
  if (size !== 0) {
    refill()
    component.prediction += receive(size)
  }
  store<i16>(block, i16(component.prediction))
  const table = component.acTable
  let place: i32 = 0
  while (place < 63) {
    refill()
    const whole = load<i32>(table + 1424 + ((u32(bits >> (count - 10)) & 1023) << 2))
    if (whole !== 0) {
      count -= whole & 255
      place += (whole >> 8) & 255
      store<i16>(block + (u32(load<u8>(zigzag + place)) << 1), i16(whole >> 16))
      continue
    }
    const symbol = decodeSymbol(table)
    if (symbol < 0) return -1
    const bitCount = symbol & 15
    const run = symbol >> 4
    if (bitCount === 0) {
      if (run !== 15) break
      place += 16
      continue
    }
    place += run + 1
    const value = receive(bitCount)
    store<i16>(block + (u32(load<u8>(zigzag + place)) << 1), i16(value))
  }
  return place > 63 ? -1 : place
}

/** Passes over one block: as `decodeBlock`, but of its numbers only the DC is kept. */
function skipBlock(component: ComponentParameters): i32 {
  refill()
  const size = decodeSymbol(component.dcTable)
  if (size < 0 || size > 15) return -1
  if (size !== 0) {
    refill()
    component.prediction += receive(size)
  }
  const table = component.acTable
  let place: i32 = 0
  while (place < 63) {
    refill()
    const whole = load<i32>(table + 1424 + ((u32(bits >> (count - 10)) & 1023) << 2))
    if (whole !== 0) {
      count -= whole & 255
      place += (whole >> 8) & 255
      continue
    }
    const symbol = decodeSymbol(table)
    if (symbol < 0) return -1
    const bitCount = symbol & 15
    const run = symbol >> 4
    if (bitCount === 0) {
      if (run !== 15) break
      place += 16
      continue
    }
    place += run + 1
    count -= bitCount
  }
  return place > 63 ? -1 : place
}

/**
 * Decodes the scan's blocks into the components' planes.
 * @returns 0, or the 1-based number of the unit at which the data was found to be cut off or damaged
 */
export function decodeScan(p: ScanParameters): i32 {
  bits = 0
  count = 0
  madeUp = 0
  at = p.data
  last = p.end
  const block = p.block
  memory.fill(block, 0, 128)
  let untilRestart = p.restartInterval
  for (let row = 0; row < p.unitRows; row++) {
    for (let unit = 0; unit < p.unitsAcross; unit++) {
      const number = row * p.unitsAcross + unit + 1
      if (p.restartInterval !== 0) {
        if (untilRestart === 0) {
          if (!restart(p)) return number
          untilRestart = p.restartInterval
        }
        untilRestart--
      }
      const needed = row >= p.firstUnitRow && unit >= p.firstUnit && unit < p.endUnit
      for (let c = 0; c < p.components; c++) {
        const component = changetype<ComponentParameters>(
          p.component + c * offsetof<ComponentParameters>(),
        )
        for (let y = 0; y < component.down; y++) {
          for (let x = 0; x < component.across; x++) {
            if (!needed) {
              if (skipBlock(component) < 0) return number
              continue
            }
            const place = decodeBlock(block, component, p.zigzag)
            if (place < 0) return number
            const out =
              component.plane +
              (row * component.down + y) * 8 * component.stride +
              (unit * component.across + x) * 8
            if (place === 0) {
              fillBlock(load<i16>(block), load<i16>(component.quantization), out, component.stride)
              store<i16>(block, 0)
            } else {
              inverseTransform(block, component.quantization, out, component.stride)
              memory.fill(block, 0, 128)
            }
          }
        }
      }
    }
    // Made-up bits are the last of those unused; with fewer unused, some were taken for real ones.
    if (madeUp > 0 && count < madeUp) return (row + 1) * p.unitsAcross
  }
  return 0
}

/** Goes on behind the restart marker that must come now. */
function restart(p: ScanParameters): bool {
  if (madeUp > 0 && count < madeUp) return false
  // Whole bytes left unused were read ahead; without a marker before `at` that cannot be undone, but
  // reading stops at markers, so the marker is at `at`, fill bits apart.
  if (count - madeUp >= 8) return false
  if (at + 1 >= last || load<u8>(at) !== 0xff) return false
  while (at + 1 < last && load<u8>(at + 1) === 0xff) at++
  const marker = load<u8>(at + 1)
  if (marker < 0xd0 || marker > 0xd7) return false
  at += 2
  bits = 0
  count = 0
  madeUp = 0
  for (let c = 0; c < p.components; c++) {
    changetype<ComponentParameters>(p.component + c * offsetof<ComponentParameters>()).prediction = 0
  }
  return true
}

/** The inverse transform of a block whose only coefficient is its DC. */
// @ts-ignore: decorator
@inline
function fillBlock(dc: i16, factor: i16, out: u32, stride: i32): void {
  const value = ((i32(i16(dc * factor)) + 4) >> 3) + 128
  const bytes = i8x16.splat(i8(max(0, min(255, value))))
  for (let y = 0; y < 8; y++) v128.store64_lane(out + y * stride, bytes, 0)
}

// Constants of jidctint.c, 13 bits behind the point.
const F_0_298: i32 = 2446
const F_0_390: i32 = 3196
const F_0_541: i32 = 4433
const F_0_765: i32 = 6270
const F_0_899: i32 = 7373
const F_1_175: i32 = 9633
const F_1_501: i32 = 12299
const F_1_847: i32 = 15137
const F_1_961: i32 = 16069
const F_2_053: i32 = 16819
const F_2_562: i32 = 20995
const F_3_072: i32 = 25172

// @ts-ignore: decorator
@inline
function pair(even: i32, odd: i32): v128 {
  return i32x4.splat((even & 0xffff) | (odd << 16))
}

// @ts-ignore: decorator
@inline
function mixLow(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
}

// @ts-ignore: decorator
@inline
function mixHigh(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
}

// @ts-ignore: decorator
@inline
function narrow(low: v128, high: v128, shift: i32): v128 {
  const round = i32x4.splat(1 << (shift - 1))
  return i16x8.narrow_i32x4_s(
    i32x4.shr_s(i32x4.add(low, round), shift),
    i32x4.shr_s(i32x4.add(high, round), shift),
  )
}

/** Stores the sum and the difference of an even and an odd part as rows `k` and `7 - k`. */
// @ts-ignore: decorator
@inline
function storeRows(to: u32, k: i32, el: v128, eh: v128, ol: v128, oh: v128, shift: i32): void {
  v128.store(to + (k << 4), narrow(i32x4.add(el, ol), i32x4.add(eh, oh), shift))
  v128.store(to + ((7 - k) << 4), narrow(i32x4.sub(el, ol), i32x4.sub(eh, oh), shift))
}

/** One dimension of the transform, on eight columns at once: rows at `from` in place. */
// @ts-ignore: decorator
@inline
function transformColumns(from: u32, shift: i32): void {
  const in0 = v128.load(from)
  const in1 = v128.load(from, 16)
  const in2 = v128.load(from, 32)
  const in3 = v128.load(from, 48)
  const in4 = v128.load(from, 64)
  const in5 = v128.load(from, 80)
  const in6 = v128.load(from, 96)
  const in7 = v128.load(from, 112)

  // Even part.
  const even2 = pair(F_0_541, F_0_541 - F_1_847)
  const even3 = pair(F_0_541 + F_0_765, F_0_541)
  const zl = mixLow(in2, in6)
  const zh = mixHigh(in2, in6)
  const t2l = i32x4.dot_i16x8_s(zl, even2)
  const t2h = i32x4.dot_i16x8_s(zh, even2)
  const t3l = i32x4.dot_i16x8_s(zl, even3)
  const t3h = i32x4.dot_i16x8_s(zh, even3)
  const sum = i16x8.add(in0, in4)
  const difference = i16x8.sub(in0, in4)
  const t0l = i32x4.shl(i32x4.extend_low_i16x8_s(sum), 13)
  const t0h = i32x4.shl(i32x4.extend_high_i16x8_s(sum), 13)
  const t1l = i32x4.shl(i32x4.extend_low_i16x8_s(difference), 13)
  const t1h = i32x4.shl(i32x4.extend_high_i16x8_s(difference), 13)

  // Odd part.
  const z3 = i16x8.add(in7, in3)
  const z4 = i16x8.add(in5, in1)
  const odd3 = pair(F_1_175 - F_1_961, F_1_175)
  const odd4 = pair(F_1_175, F_1_175 - F_0_390)
  const z34l = mixLow(z3, z4)
  const z34h = mixHigh(z3, z4)
  const z3l = i32x4.dot_i16x8_s(z34l, odd3)
  const z3h = i32x4.dot_i16x8_s(z34h, odd3)
  const z4l = i32x4.dot_i16x8_s(z34l, odd4)
  const z4h = i32x4.dot_i16x8_s(z34h, odd4)
  const a = mixLow(in7, in1)
  const b = mixHigh(in7, in1)
  const c = mixLow(in5, in3)
  const d = mixHigh(in5, in3)
  const k0 = pair(F_0_298 - F_0_899, -F_0_899)
  const k3 = pair(-F_0_899, F_1_501 - F_0_899)
  const k1 = pair(F_2_053 - F_2_562, -F_2_562)
  const k2 = pair(-F_2_562, F_3_072 - F_2_562)
  const o0l = i32x4.add(i32x4.dot_i16x8_s(a, k0), z3l)
  const o0h = i32x4.add(i32x4.dot_i16x8_s(b, k0), z3h)
  const o3l = i32x4.add(i32x4.dot_i16x8_s(a, k3), z4l)
  const o3h = i32x4.add(i32x4.dot_i16x8_s(b, k3), z4h)
  const o1l = i32x4.add(i32x4.dot_i16x8_s(c, k1), z4l)
  const o1h = i32x4.add(i32x4.dot_i16x8_s(d, k1), z4h)
  const o2l = i32x4.add(i32x4.dot_i16x8_s(c, k2), z3l)
  const o2h = i32x4.add(i32x4.dot_i16x8_s(d, k2), z3h)

  storeRows(from, 0, i32x4.add(t0l, t3l), i32x4.add(t0h, t3h), o3l, o3h, shift)
  storeRows(from, 1, i32x4.add(t1l, t2l), i32x4.add(t1h, t2h), o2l, o2h, shift)
  storeRows(from, 2, i32x4.sub(t1l, t2l), i32x4.sub(t1h, t2h), o1l, o1h, shift)
  storeRows(from, 3, i32x4.sub(t0l, t3l), i32x4.sub(t0h, t3h), o0l, o0h, shift)
}

/** Transposes the 8×8 16-bit numbers at `block` in place. */
// @ts-ignore: decorator
@inline
function transpose(block: u32): void {
  const r0 = v128.load(block)
  const r1 = v128.load(block, 16)
  const r2 = v128.load(block, 32)
  const r3 = v128.load(block, 48)
  const r4 = v128.load(block, 64)
  const r5 = v128.load(block, 80)
  const r6 = v128.load(block, 96)
  const r7 = v128.load(block, 112)
  // Each step interleaves rows four apart; three steps transpose.
  const a0 = mixLow(r0, r4)
  const a1 = mixHigh(r0, r4)
  const a2 = mixLow(r1, r5)
  const a3 = mixHigh(r1, r5)
  const a4 = mixLow(r2, r6)
  const a5 = mixHigh(r2, r6)
  const a6 = mixLow(r3, r7)
  const a7 = mixHigh(r3, r7)
  const b0 = mixLow(a0, a4)
  const b1 = mixHigh(a0, a4)
  const b2 = mixLow(a1, a5)
  const b3 = mixHigh(a1, a5)
  const b4 = mixLow(a2, a6)
  const b5 = mixHigh(a2, a6)
  const b6 = mixLow(a3, a7)
  const b7 = mixHigh(a3, a7)
  v128.store(block, mixLow(b0, b4))
  v128.store(block, mixHigh(b0, b4), 16)
  v128.store(block, mixLow(b1, b5), 32)
  v128.store(block, mixHigh(b1, b5), 48)
  v128.store(block, mixLow(b2, b6), 64)
  v128.store(block, mixHigh(b2, b6), 80)
  v128.store(block, mixLow(b3, b7), 96)
  v128.store(block, mixHigh(b3, b7), 112)
}

/** Dequantises and transforms a block to 8×8 bytes; columns first, then rows, as jidctint does. */
function inverseTransform(block: u32, factors: u32, out: u32, stride: i32): void {
  for (let row = 0; row < 128; row += 16) {
    v128.store(block + row, i16x8.mul(v128.load(block + row), v128.load(factors + row)))
  }
  transformColumns(block, 11)
  transpose(block)
  transformColumns(block, 18)
  transpose(block)
  const offset = i8x16.splat(-128)
  for (let y = 0; y < 8; y += 2) {
    const rows = block + (y << 4)
    const bytes = v128.xor(i8x16.narrow_i16x8_s(v128.load(rows), v128.load(rows, 16)), offset)
    v128.store64_lane(out + y * stride, bytes, 0)
    v128.store64_lane(out + (y + 1) * stride, bytes, 1)
  }
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
