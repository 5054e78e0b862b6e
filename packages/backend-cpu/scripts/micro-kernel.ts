// Writes the AssemblyScript of the GEMM micro-kernels. One multiplies a packed panel of up to `tileRows`
// rows by a packed panel of 8 columns, keeping all of the product in registers. Row counts times two
// layouts of the left-hand panel are the same dozen lines written differently, which AssemblyScript has
// no macro for, so they are text made here and not by hand.
//
// x86-64 has 16 vector registers, of which V8 uses 15. Six rows of eight floats take 12 of them as
// accumulators, two for the right-hand panel and one for the broadcast element. Where V8 joins pairs of
// vectors into registers of 256 bits, a row takes one accumulator, and six are too few to hide the four
// cycles of a fused multiply-add at two a cycle: the build for that has twelve rows. The loop over the
// depth is not unrolled: unrolled twice or four times it is 10 to 25 % slower in V8.

/** Floats between two rows of a row-major left-hand panel; also the largest depth of a block. */
export const rowStride = 256

/** The left-hand layouts: `rows` keeps each row contiguous, `columns` interleaves a tile's rows. */
export type PanelLayout = 'rows' | 'columns'

function microKernel(rows: number, layout: PanelLayout, tileRows: number): string {
  const aStep = layout === 'rows' ? 4 : tileRows * 4
  const indices = Array.from({ length: rows }, (_, row) => row)
  const line = (text: (row: number) => string) => indices.map(text).join('\n    ')
  return `
function micro_${layout}_${rows}(a: usize, b: usize, depth: i32, c: usize, rowBytes: usize, start: usize, flags: i32): void {
  ${indices.map((r) => `let c${r}0 = f32x4.splat(0), c${r}1 = f32x4.splat(0)`).join('\n  ')}
  let b0: v128, b1: v128, s: v128
  for (let k = 0; k < depth; k++) {
    b0 = v128.load(b); b1 = v128.load(b, 16)
    ${line((r) => `s = v128.load_splat<f32>(a, ${layout === 'rows' ? r * rowStride * 4 : r * 4}); c${r}0 = multiplyAdd(s, b0, c${r}0); c${r}1 = multiplyAdd(s, b1, c${r}1)`)}
    a += ${aStep}; b += 32
  }
  if (flags & FIRST) {
    if (start != 0) {
      b0 = v128.load(start); b1 = v128.load(start, 16)
      ${line((r) => `c${r}0 = f32x4.add(c${r}0, b0); c${r}1 = f32x4.add(c${r}1, b1)`)}
    }
  } else {
    let p = c
    ${line((r) => `c${r}0 = f32x4.add(c${r}0, v128.load(p)); c${r}1 = f32x4.add(c${r}1, v128.load(p, 16)); p += rowBytes`)}
  }
  if (flags & RELU) {
    const zero = f32x4.splat(0)
    ${line((r) => `c${r}0 = f32x4.max(c${r}0, zero); c${r}1 = f32x4.max(c${r}1, zero)`)}
    if (flags & RELU6) {
      const six = f32x4.splat(6)
      ${line((r) => `c${r}0 = f32x4.min(c${r}0, six); c${r}1 = f32x4.min(c${r}1, six)`)}
    }
  }
  ${line((r) => `v128.store(c, c${r}0); v128.store(c, c${r}1, 16); c += rowBytes`)}
}
`
}

function dispatch(layout: PanelLayout, tileRows: number): string {
  const call = (rows: number) => `micro_${layout}_${rows}(a, b, depth, c, rowBytes, start, flags)`
  const cases = Array.from({ length: tileRows - 1 }, (_, index) => tileRows - index)
  return `
/** c[rows, 8] (row stride rowBytes) = or += a · b over depth, with the start values and activation of flags. */
export function micro_${layout}(rows: i32, a: usize, b: usize, depth: i32, c: usize, rowBytes: usize, start: usize, flags: i32): void {
  switch (rows) {
    ${cases.map((rows) => `case ${rows}: ${call(rows)}; break`).join('\n    ')}
    default: ${call(1)}
  }
}
`
}

/**
 * The whole module's text.
 *
 * @param tileRows most rows of a product in registers, even; divides the row blocks of matrix-product.ts
 */
export function microKernelSource(tileRows: number): string {
  const layouts: PanelLayout[] = ['rows', 'columns']
  const counts = Array.from({ length: tileRows }, (_, index) => index + 1)
  return `import { multiplyAdd } from './kernels/vector'

/** The product starts a sum: add the eight values at start (none if it is 0) instead of what c holds. */
export const FIRST: i32 = 1
/** Clamp below at zero before storing. */
export const RELU: i32 = 2
/** With RELU: clamp above at six too. */
export const RELU6: i32 = 4
/** Floats between the rows of a row-major left-hand panel, and the largest depth of a block. */
export const ROW_STRIDE: i32 = ${rowStride}
/** Most rows of a tile; the rows that the interleaved layout keeps together. */
export const tileRows: i32 = ${tileRows}
${layouts.map((layout) => counts.map((rows) => microKernel(rows, layout, tileRows)).join('') + dispatch(layout, tileRows)).join('')}`
}
