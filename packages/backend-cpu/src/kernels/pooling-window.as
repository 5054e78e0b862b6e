// One whole 3×3 window of the gradient of a maximum, written for paired-vectors.ts: statements on vectors are
// one a line.

/**
 * Adds dy to dx where the first element of the window equals the maximum y, for VECTOR bytes of channels;
 * without a branch: where the maximum is cannot be predicted.
 */
export function sendToMaximum(x: usize, dx: usize, y: usize, dy: usize, rowBytes: usize, pixelBytes: usize): void {
  const maximum = v128.load(y)
  const gradient = v128.load(dy)
  let open = i32x4.splat(-1)
  for (let row = 0; row < 3; row++) {
    const x0 = v128.load(x)
    const x1 = v128.load(x + pixelBytes)
    const x2 = v128.load(x + 2 * pixelBytes)
    const old0 = v128.load(dx)
    const old1 = v128.load(dx + pixelBytes)
    const old2 = v128.load(dx + 2 * pixelBytes)
    const here0 = v128.and(open, f32x4.eq(x0, maximum))
    open = v128.andnot(open, here0)
    const here1 = v128.and(open, f32x4.eq(x1, maximum))
    open = v128.andnot(open, here1)
    const here2 = v128.and(open, f32x4.eq(x2, maximum))
    open = v128.andnot(open, here2)
    v128.store(dx, f32x4.add(old0, v128.and(here0, gradient)))
    v128.store(dx + pixelBytes, f32x4.add(old1, v128.and(here1, gradient)))
    v128.store(dx + 2 * pixelBytes, f32x4.add(old2, v128.and(here2, gradient)))
    x += rowBytes
    dx += rowBytes
  }
}
