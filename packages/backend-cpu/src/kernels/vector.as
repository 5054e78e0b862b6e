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

/**
 * Brings bytes into the cache before they are used: loads that nothing waits for are under way together, where those
 * of a product come a few at a time. A word goes to `to`, so that no compiler leaves them out.
 */
export function bringNear(from: usize, bytes: usize, to: usize): void {
  let any: i32 = 0
  const end = from + bytes
  for (; from + 256 <= end; from += 256) {
    any |= load<i32>(from)
    any |= load<i32>(from, 64)
    any |= load<i32>(from, 128)
    any |= load<i32>(from, 192)
  }
  for (; from < end; from += 64) any |= load<i32>(from)
  store<i32>(to, any)
}

/** x to the power of quarters / 4, by multiplications and square roots; of a negative x NaN, unless the exponent is whole. */
// @ts-ignore: decorator
@inline
export function powerOf(x: v128, quarters: i32): v128 {
  const size = abs(quarters)
  const one = f32x4.splat(1)
  let value = one
  for (let whole = size >> 2; whole > 0; whole--) value = f32x4.mul(value, x)
  if (size & 3) {
    const root = f32x4.sqrt(x)
    if (size & 2) value = f32x4.mul(value, root)
    if (size & 1) value = f32x4.mul(value, f32x4.sqrt(root))
  }
  return quarters < 0 ? f32x4.div(one, value) : value
}
