// A whole window of 3×3 pixels of a maximum and of its gradient, without a loop over them, which would take three
// times as long. Written for paired-vectors.ts: statements on vectors are one a line.

import { VECTOR } from '../micro-kernel'

/**
 * y = the largest of 3×3 pixels from x on, NaN where one of them is, for `bytes` of channels (whole vectors). A maximum
 * is one instruction a number with pmax, where f32x4.max takes nine to pass NaN on; a mask beside it does that here.
 */
export function largestOfNine(x: usize, y: usize, rowBytes: usize, pixelBytes: usize, bytes: usize): void {
  const middle = x + rowBytes
  const bottom = middle + rowBytes
  for (let at: usize = 0; at < bytes; at += VECTOR) {
    const a0 = v128.load(x + at)
    const a1 = v128.load(x + at + pixelBytes)
    const a2 = v128.load(x + at + 2 * pixelBytes)
    const b0 = v128.load(middle + at)
    const b1 = v128.load(middle + at + pixelBytes)
    const b2 = v128.load(middle + at + 2 * pixelBytes)
    const c0 = v128.load(bottom + at)
    const c1 = v128.load(bottom + at + pixelBytes)
    const c2 = v128.load(bottom + at + 2 * pixelBytes)
    const a = f32x4.pmax(f32x4.pmax(a0, a1), a2)
    const b = f32x4.pmax(f32x4.pmax(b0, b1), b2)
    const c = f32x4.pmax(f32x4.pmax(c0, c1), c2)
    const aNan = v128.or(v128.or(f32x4.ne(a0, a0), f32x4.ne(a1, a1)), f32x4.ne(a2, a2))
    const bNan = v128.or(v128.or(f32x4.ne(b0, b0), f32x4.ne(b1, b1)), f32x4.ne(b2, b2))
    const cNan = v128.or(v128.or(f32x4.ne(c0, c0), f32x4.ne(c1, c1)), f32x4.ne(c2, c2))
    const nan = v128.or(v128.or(aNan, bNan), cNan)
    v128.store(y + at, v128.or(f32x4.pmax(f32x4.pmax(a, b), c), nan))
  }
}

/**
 * Adds dy to dx where the first element of the window equals the maximum y, for `bytes` of channels (whole vectors);
 * without a branch: where the maximum is cannot be predicted.
 *
 * @param always −1, or 0 to leave out maxima that are not above zero
 */
export function sendToMaximumOfNine(
  x: usize, dx: usize, y: usize, dy: usize, rowBytes: usize, pixelBytes: usize, bytes: usize, always: i32,
): void {
  const middle = x + rowBytes
  const bottom = middle + rowBytes
  const toMiddle = dx + rowBytes
  const toBottom = toMiddle + rowBytes
  for (let at: usize = 0; at < bytes; at += VECTOR) {
    const maximum = v128.load(y + at)
    const gradient = v128.load(dy + at)
    let open = v128.or(i32x4.splat(always), f32x4.gt(maximum, f32x4.splat(0)))
    const a0 = v128.and(open, f32x4.eq(v128.load(x + at), maximum))
    open = v128.andnot(open, a0)
    v128.store(dx + at, f32x4.add(v128.load(dx + at), v128.and(a0, gradient)))
    const a1 = v128.and(open, f32x4.eq(v128.load(x + at + pixelBytes), maximum))
    open = v128.andnot(open, a1)
    v128.store(dx + at + pixelBytes, f32x4.add(v128.load(dx + at + pixelBytes), v128.and(a1, gradient)))
    const a2 = v128.and(open, f32x4.eq(v128.load(x + at + 2 * pixelBytes), maximum))
    open = v128.andnot(open, a2)
    v128.store(dx + at + 2 * pixelBytes, f32x4.add(v128.load(dx + at + 2 * pixelBytes), v128.and(a2, gradient)))
    const b0 = v128.and(open, f32x4.eq(v128.load(middle + at), maximum))
    open = v128.andnot(open, b0)
    v128.store(toMiddle + at, f32x4.add(v128.load(toMiddle + at), v128.and(b0, gradient)))
    const b1 = v128.and(open, f32x4.eq(v128.load(middle + at + pixelBytes), maximum))
    open = v128.andnot(open, b1)
    v128.store(toMiddle + at + pixelBytes, f32x4.add(v128.load(toMiddle + at + pixelBytes), v128.and(b1, gradient)))
    const b2 = v128.and(open, f32x4.eq(v128.load(middle + at + 2 * pixelBytes), maximum))
    open = v128.andnot(open, b2)
    v128.store(toMiddle + at + 2 * pixelBytes, f32x4.add(v128.load(toMiddle + at + 2 * pixelBytes), v128.and(b2, gradient)))
    const c0 = v128.and(open, f32x4.eq(v128.load(bottom + at), maximum))
    open = v128.andnot(open, c0)
    v128.store(toBottom + at, f32x4.add(v128.load(toBottom + at), v128.and(c0, gradient)))
    const c1 = v128.and(open, f32x4.eq(v128.load(bottom + at + pixelBytes), maximum))
    open = v128.andnot(open, c1)
    v128.store(toBottom + at + pixelBytes, f32x4.add(v128.load(toBottom + at + pixelBytes), v128.and(c1, gradient)))
    const c2 = v128.and(open, f32x4.eq(v128.load(bottom + at + 2 * pixelBytes), maximum))
    v128.store(toBottom + at + 2 * pixelBytes, f32x4.add(v128.load(toBottom + at + 2 * pixelBytes), v128.and(c2, gradient)))
  }
}
