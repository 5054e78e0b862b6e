// The one-dimensional transforms of Winograd's method with the points 0, ±1, ±2, ∞, for four channels at a
// time: six vectors (or fewer) in, six (or fewer) out, each `step` bytes apart. A tile is transformed by
// applying one to its rows and then to its columns. Which is for what: winograd.as.

// @ts-ignore: decorator
@inline
function timesAdd(x: v128, factor: f32, y: v128): v128 {
  return f32x4.add(f32x4.mul(x, f32x4.splat(factor)), y)
}

/** Bᵀ d */
// @ts-ignore: decorator
@inline
export function pictureLine(from: usize, fromStep: usize, to: usize, toStep: usize): void {
  const d0 = v128.load(from)
  const d1 = v128.load(from + fromStep)
  const d2 = v128.load(from + 2 * fromStep)
  const d3 = v128.load(from + 3 * fromStep)
  const d4 = v128.load(from + 4 * fromStep)
  const d5 = v128.load(from + 5 * fromStep)
  const a = timesAdd(d2, -4, d4)
  const b = timesAdd(d1, -4, d3)
  const c = f32x4.sub(d4, d2)
  const e = f32x4.mul(f32x4.sub(d3, d1), f32x4.splat(2))
  v128.store(to, timesAdd(d0, 4, timesAdd(d2, -5, d4)))
  v128.store(to + toStep, f32x4.add(a, b))
  v128.store(to + 2 * toStep, f32x4.sub(a, b))
  v128.store(to + 3 * toStep, f32x4.add(c, e))
  v128.store(to + 4 * toStep, f32x4.sub(c, e))
  v128.store(to + 5 * toStep, timesAdd(d1, 4, timesAdd(d3, -5, d5)))
}

/** G g */
// @ts-ignore: decorator
@inline
export function filterLine(size: i32, from: usize, fromStep: usize, to: usize, toStep: usize): void {
  const sixth: f32 = -1.0 / 6.0
  const g0 = v128.load(from)
  const g1 = v128.load(from + fromStep)
  const g2 = v128.load(from + 2 * fromStep)
  let even = f32x4.add(g0, g2)
  let odd = g1
  let evenTwo = timesAdd(g2, 4, g0)
  let oddTwo = f32x4.mul(g1, f32x4.splat(2))
  let last = g2
  if (size == 5) {
    const g3 = v128.load(from + 3 * fromStep)
    const g4 = v128.load(from + 4 * fromStep)
    even = f32x4.add(even, g4)
    odd = f32x4.add(odd, g3)
    evenTwo = timesAdd(g4, 16, evenTwo)
    oddTwo = timesAdd(g3, 8, oddTwo)
    last = g4
  }
  v128.store(to, f32x4.mul(g0, f32x4.splat(0.25)))
  v128.store(to + toStep, f32x4.mul(f32x4.add(even, odd), f32x4.splat(sixth)))
  v128.store(to + 2 * toStep, f32x4.mul(f32x4.sub(even, odd), f32x4.splat(sixth)))
  v128.store(to + 3 * toStep, f32x4.mul(f32x4.add(evenTwo, oddTwo), f32x4.splat(1.0 / 24.0)))
  v128.store(to + 4 * toStep, f32x4.mul(f32x4.sub(evenTwo, oddTwo), f32x4.splat(1.0 / 24.0)))
  v128.store(to + 5 * toStep, last)
}

/** Aᵀ m */
// @ts-ignore: decorator
@inline
export function mapLine(size: i32, from: usize, fromStep: usize, to: usize, toStep: usize): void {
  const s0 = v128.load(from)
  const s1 = v128.load(from + fromStep)
  const s2 = v128.load(from + 2 * fromStep)
  const s3 = v128.load(from + 3 * fromStep)
  const s4 = v128.load(from + 4 * fromStep)
  const s5 = v128.load(from + 5 * fromStep)
  const p = f32x4.add(s1, s2)
  const q = f32x4.sub(s1, s2)
  const r = f32x4.add(s3, s4)
  const w = f32x4.sub(s3, s4)
  v128.store(to, f32x4.add(f32x4.add(s0, p), r))
  if (size == 2) {
    v128.store(to + toStep, f32x4.add(timesAdd(w, 2, q), s5))
  } else {
    v128.store(to + toStep, timesAdd(w, 2, q))
    v128.store(to + 2 * toStep, timesAdd(r, 4, p))
    v128.store(to + 3 * toStep, f32x4.add(timesAdd(w, 8, q), s5))
  }
}

/** A y, the transpose of mapLine */
// @ts-ignore: decorator
@inline
export function mapGradientLine(size: i32, from: usize, fromStep: usize, to: usize, toStep: usize): void {
  const y0 = v128.load(from)
  const y1 = v128.load(from + fromStep)
  let even = y0
  let odd = y1
  let evenTwo = y0
  let oddTwo = f32x4.mul(y1, f32x4.splat(2))
  let last = y1
  if (size == 4) {
    const y2 = v128.load(from + 2 * fromStep)
    const y3 = v128.load(from + 3 * fromStep)
    even = f32x4.add(even, y2)
    odd = f32x4.add(odd, y3)
    evenTwo = timesAdd(y2, 4, evenTwo)
    oddTwo = timesAdd(y3, 8, oddTwo)
    last = y3
  }
  v128.store(to, y0)
  v128.store(to + toStep, f32x4.add(even, odd))
  v128.store(to + 2 * toStep, f32x4.sub(even, odd))
  v128.store(to + 3 * toStep, f32x4.add(evenTwo, oddTwo))
  v128.store(to + 4 * toStep, f32x4.sub(evenTwo, oddTwo))
  v128.store(to + 5 * toStep, last)
}

/** Gᵀ u, the transpose of filterLine */
// @ts-ignore: decorator
@inline
export function filterGradientLine(size: i32, from: usize, fromStep: usize, to: usize, toStep: usize): void {
  const sixth: f32 = -1.0 / 6.0
  const u0 = v128.load(from)
  const u1 = v128.load(from + fromStep)
  const u2 = v128.load(from + 2 * fromStep)
  const u3 = v128.load(from + 3 * fromStep)
  const u4 = v128.load(from + 4 * fromStep)
  const u5 = v128.load(from + 5 * fromStep)
  const even = f32x4.mul(f32x4.add(u1, u2), f32x4.splat(sixth))
  const odd = f32x4.mul(f32x4.sub(u1, u2), f32x4.splat(sixth))
  const evenTwo = f32x4.mul(f32x4.add(u3, u4), f32x4.splat(1.0 / 24.0))
  const oddTwo = f32x4.mul(f32x4.sub(u3, u4), f32x4.splat(1.0 / 24.0))
  v128.store(to, timesAdd(u0, 0.25, f32x4.add(even, evenTwo)))
  v128.store(to + toStep, timesAdd(oddTwo, 2, odd))
  if (size == 3) {
    v128.store(to + 2 * toStep, f32x4.add(timesAdd(evenTwo, 4, even), u5))
  } else {
    v128.store(to + 2 * toStep, timesAdd(evenTwo, 4, even))
    v128.store(to + 3 * toStep, timesAdd(oddTwo, 8, odd))
    v128.store(to + 4 * toStep, f32x4.add(timesAdd(evenTwo, 16, even), u5))
  }
}
