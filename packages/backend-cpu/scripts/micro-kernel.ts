// Writes the AssemblyScript of the GEMM micro-kernels. One multiplies a packed panel of `rows` rows
// (1 to 6) by a packed panel of 8 columns, keeping all of the product in registers: 12 accumulators of
// four floats, two of the right-hand panel and one broadcast element fill the 16 vector registers of
// x86-64. Six row counts times two layouts of the left-hand panel are the same dozen lines unrolled
// differently, which AssemblyScript has no macro for, so they are text made here and not by hand.

/** Floats between two rows of a row-major left-hand panel; also the largest depth of a block. */
export const rowStride = 256

const unroll = 4

/** The left-hand layouts: `rows` keeps each row contiguous, `columns` interleaves six rows. */
export type PanelLayout = 'rows' | 'columns'

function step(rows: number, layout: PanelLayout, index: number): string {
  const lines: string[] = []
  lines.push(`    b0 = v128.load(b, ${index * 32}); b1 = v128.load(b, ${index * 32 + 16})`)
  for (let row = 0; row < rows; row++) {
    const offset = layout === 'rows' ? row * rowStride * 4 + index * 4 : index * 24 + row * 4
    lines.push(
      `    s = v128.load_splat<f32>(a, ${offset}); c${row}0 = multiplyAdd(s, b0, c${row}0); c${row}1 = multiplyAdd(s, b1, c${row}1)`,
    )
  }
  return lines.join('\n')
}

function microKernel(rows: number, layout: PanelLayout): string {
  const aStep = layout === 'rows' ? 4 : 24
  const indices = Array.from({ length: rows }, (_, row) => row)
  return `
function micro_${layout}_${rows}(a: usize, b: usize, depth: i32, c: usize, rowBytes: usize, start: usize, flags: i32): void {
  ${indices.map((r) => `let c${r}0 = f32x4.splat(0), c${r}1 = f32x4.splat(0)`).join('\n  ')}
  let b0: v128, b1: v128, s: v128
  let k = depth
  while (k >= ${unroll}) {
${Array.from({ length: unroll }, (_, index) => step(rows, layout, index)).join('\n')}
    a += ${aStep * unroll}; b += ${32 * unroll}; k -= ${unroll}
  }
  while (k > 0) {
${step(rows, layout, 0)}
    a += ${aStep}; b += 32; k -= 1
  }
  if (flags & FIRST) {
    if (start != 0) {
      b0 = v128.load(start); b1 = v128.load(start, 16)
      ${indices.map((r) => `c${r}0 = f32x4.add(c${r}0, b0); c${r}1 = f32x4.add(c${r}1, b1)`).join('\n      ')}
    }
  } else {
    let p = c
    ${indices.map((r) => `c${r}0 = f32x4.add(c${r}0, v128.load(p)); c${r}1 = f32x4.add(c${r}1, v128.load(p, 16)); p += rowBytes`).join('\n    ')}
  }
  if (flags & RELU) {
    const zero = f32x4.splat(0)
    ${indices.map((r) => `c${r}0 = f32x4.max(c${r}0, zero); c${r}1 = f32x4.max(c${r}1, zero)`).join('\n    ')}
    if (flags & RELU6) {
      const six = f32x4.splat(6)
      ${indices.map((r) => `c${r}0 = f32x4.min(c${r}0, six); c${r}1 = f32x4.min(c${r}1, six)`).join('\n      ')}
    }
  }
  ${indices.map((r) => `v128.store(c, c${r}0); v128.store(c, c${r}1, 16); c += rowBytes`).join('\n  ')}
}
`
}

function dispatch(layout: PanelLayout): string {
  return `
/** c[rows, 8] (row stride rowBytes) = or += a · b over depth, with the start values and activation of flags. */
export function micro_${layout}(rows: i32, a: usize, b: usize, depth: i32, c: usize, rowBytes: usize, start: usize, flags: i32): void {
  switch (rows) {
    case 6: micro_${layout}_6(a, b, depth, c, rowBytes, start, flags); break
    case 5: micro_${layout}_5(a, b, depth, c, rowBytes, start, flags); break
    case 4: micro_${layout}_4(a, b, depth, c, rowBytes, start, flags); break
    case 3: micro_${layout}_3(a, b, depth, c, rowBytes, start, flags); break
    case 2: micro_${layout}_2(a, b, depth, c, rowBytes, start, flags); break
    default: micro_${layout}_1(a, b, depth, c, rowBytes, start, flags)
  }
}
`
}

/** The whole module's text. */
export function microKernelSource(): string {
  const layouts: PanelLayout[] = ['rows', 'columns']
  return `import { multiplyAdd } from './kernels/vector'

/** The product starts a sum: add the eight values at start (none if it is 0) instead of what c holds. */
export const FIRST: i32 = 1
/** Clamp below at zero before storing. */
export const RELU: i32 = 2
/** With RELU: clamp above at six too. */
export const RELU6: i32 = 4
/** Floats between the rows of a row-major left-hand panel, and the largest depth of a block. */
export const ROW_STRIDE: i32 = ${rowStride}
${layouts.map((layout) => [6, 5, 4, 3, 2, 1].map((rows) => microKernel(rows, layout)).join('') + dispatch(layout)).join('')}`
}
