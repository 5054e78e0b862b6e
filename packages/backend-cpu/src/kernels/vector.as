// Vector helpers that every kernel shares. multiplyAdd is the one place where the builds differ: with
// relaxed SIMD it rounds once (a fused multiply-add on every processor that has one), without it twice.

// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c)
  return f32x4.add(f32x4.mul(a, b), c)
}

/**
 * Copies count floats four at a time. Reads and writes up to three floats past the end: callers fill
 * what follows afterwards, and the memory keeps slack behind its last block.
 */
// @ts-ignore: decorator
@inline
export function copyFloats(to: usize, from: usize, count: i32): void {
  const end = to + (<usize>count << 2)
  while (to < end) {
    v128.store(to, v128.load(from))
    to += 16
    from += 16
  }
}

/** Writes count zeros, four at a time, with copyFloats' overrun. */
// @ts-ignore: decorator
@inline
export function clearFloats(to: usize, count: i32): void {
  const end = to + (<usize>count << 2)
  while (to < end) {
    v128.store(to, f32x4.splat(0))
    to += 16
  }
}
