// The inverse DCT of a block of a JPEG picture to the very bytes of libjpeg-turbo's accurate integer one
// ("islow", jidctint), eight columns at a time.

/**
 * The inverse transform of a block whose only coefficient is its DC. As there, numbers beyond 16 bits lose their
 * upper bits: no encoder makes such, damage does.
 */
// @ts-ignore: decorator
@inline
export function fillBlock(dc: i16, factor: i16, out: u32, stride: i32): void {
  const value = ((i32(i16(i32(dc * factor) << 2)) + 16) >> 5) + 128
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
export function pair(even: i32, odd: i32): v128 {
  return i32x4.splat((even & 0xffff) | (odd << 16))
}

// @ts-ignore: decorator
@inline
export function mixLow(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
}

// @ts-ignore: decorator
@inline
export function mixHigh(a: v128, b: v128): v128 {
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

/**
 * Whether only the first row has coefficients: each column is then four times its number, which loses its upper
 * bits where it has more than 16, in place of being cut off.
 */
function isOneRow(block: u32): bool {
  let below = v128.load(block, 16)
  for (let row = 32; row < 128; row += 16) below = v128.or(below, v128.load(block + row))
  return !v128.any_true(below)
}

/** Dequantises and transforms a block to 8×8 bytes; columns first, then rows, as jidctint does. */
export function inverseTransform(block: u32, factors: u32, out: u32, stride: i32): void {
  const first = i16x8.mul(v128.load(block), v128.load(factors))
  const wrapped = i16x8.shr_s(i16x8.shl(first, 2), 2)
  const isOdd = v128.any_true(i16x8.ne(first, wrapped)) && isOneRow(block)
  v128.store(block, isOdd ? wrapped : first)
  for (let row = 16; row < 128; row += 16) {
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
