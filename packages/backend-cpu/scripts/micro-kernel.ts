// Writes the AssemblyScript of the GEMM micro-kernels. One multiplies a packed panel of up to `tileRows`
// rows by a packed panel of 8 columns, keeping all of the product in registers. Row counts times two
// layouts of the left-hand panel are the same dozen lines written differently, which AssemblyScript has
// no macro for, so they are text made here and not by hand.
//
// x86-64 has 16 vector registers, of which V8 uses 15. Six rows of eight floats take 12 of them as
// accumulators, two for the right-hand panel and one for the broadcast element. Where V8 joins pairs of
// vectors into registers of 256 bits, a row takes one accumulator, and six are too few to hide the four
// cycles of a fused multiply-add at two a cycle: that build multiplies six rows by two panels of eight columns
// at a time (eight loads for twelve multiplications), and twelve rows by the last panel of an odd number
// (thirteen loads). The loop over the depth is not unrolled: unrolled twice or four times it is 10 to 25 %
// slower in V8.

/** Floats between two rows of a row-major left-hand panel; also the largest depth of a block. */
export const ROW_STRIDE = 256
/** Rows that are multiplied by two panels at a time. */
const PAIR_ROWS = 6

/** The left-hand layouts: `rows` keeps each row contiguous, `columns` interleaves a tile's rows. */
export type PanelLayout = 'rows' | 'columns'

function microKernel(
  rows: number,
  layout: PanelLayout,
  tileRows: number,
  panels: readonly string[],
): string {
  const aStep = layout === 'rows' ? 4 : tileRows * 4
  const indices = Array.from({ length: rows }, (_, row) => row)
  const line = (text: (row: number) => string) => indices.map(text).join('\n    ')
  /** One statement for each vector of a row. */
  const each = (text: (vector: number) => string) =>
    Array.from({ length: 2 * panels.length }, (_, vector) => text(vector)).join('; ')
  const load = (from: string) => each((v) => `b${v} = v128.load(${from}, ${16 * v})`)
  return `
function ${nameOf(layout, panels, rows)}(a: usize, ${panels.map((panel) => `${panel}: usize`).join(', ')}, depth: i32, c: usize, rowBytes: usize, start: usize, flags: i32): void {
  ${indices.map((r) => each((v) => `let c${r}${v} = f32x4.splat(0)`)).join('\n  ')}
  let s: v128
  ${each((v) => `let b${v}: v128`)}
  for (let k = 0; k < depth; k++) {
    ${each((v) => `b${v} = v128.load(${panels[v >> 1]}, ${16 * (v & 1)})`)}
    ${line((r) => `s = v128.load_splat<f32>(a, ${layout === 'rows' ? r * ROW_STRIDE * 4 : r * 4}); ${each((v) => `c${r}${v} = multiplyAdd(s, b${v}, c${r}${v})`)}`)}
    a += ${aStep}; ${panels.map((panel) => `${panel} += 32`).join('; ')}
  }
  if (flags & FIRST) {
    if (start != 0) {
      ${load('start')}
      ${line((r) => each((v) => `c${r}${v} = f32x4.add(c${r}${v}, b${v})`))}
    }
  } else {
    let p = c
    ${line((r) => `${each((v) => `c${r}${v} = f32x4.add(c${r}${v}, v128.load(p, ${16 * v}))`)}; p += rowBytes`)}
  }
  if (flags & RELU) {
    const zero = f32x4.splat(0)
    ${line((r) => each((v) => `c${r}${v} = f32x4.max(c${r}${v}, zero)`))}
    if (flags & RELU6) {
      const six = f32x4.splat(6)
      ${line((r) => each((v) => `c${r}${v} = f32x4.min(c${r}${v}, six)`))}
    }
  }
  ${line((r) => `${each((v) => `v128.store(c, c${r}${v}, ${16 * v})`)}; c += rowBytes`)}
}
`
}

function nameOf(layout: PanelLayout, panels: readonly string[], rows?: number): string {
  const wide = panels.length > 1 ? '_16' : ''
  return rows === undefined ? `micro_${layout}${wide}` : `micro_${layout}${wide}_${rows}`
}

function dispatch(layout: PanelLayout, mostRows: number, panels: readonly string[]): string {
  const call = (rows: number) =>
    `${nameOf(layout, panels, rows)}(a, ${panels.join(', ')}, depth, c, rowBytes, start, flags)`
  const cases = Array.from({ length: mostRows - 1 }, (_, index) => mostRows - index)
  return `
/** c[rows, ${8 * panels.length}] (row stride rowBytes) = or += a · b over depth, with the start values and activation of flags. */
export function ${nameOf(layout, panels)}(rows: i32, a: usize, ${panels.map((panel) => `${panel}: usize`).join(', ')}, depth: i32, c: usize, rowBytes: usize, start: usize, flags: i32): void {
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
 * @param joined whether V8 joins pairs of vectors
 */
export function microKernelSource(joined: boolean): string {
  // Even, and divides the row blocks of matrix-product.ts.
  const tileRows = joined ? 12 : 6
  const layouts: PanelLayout[] = ['rows', 'columns']
  const kinds: [panels: string[], mostRows: number][] = [
    [['b'], tileRows],
    // Only called where vectors are joined.
    [['b', 'b16'], PAIR_ROWS],
  ]
  const kernels = layouts.flatMap((layout) =>
    kinds.map(([panels, mostRows]) => {
      const counts = Array.from({ length: mostRows }, (_, index) => index + 1)
      const all = counts.map((rows) => microKernel(rows, layout, tileRows, panels)).join('')
      return all + dispatch(layout, mostRows, panels)
    }),
  )
  return `import { multiplyAdd } from './kernels/vector'

/** The product starts a sum: add the eight values at start (none if it is 0) instead of what c holds. */
export const FIRST: i32 = 1
/** Clamp below at zero before storing. */
export const RELU: i32 = 2
/** With RELU: clamp above at six too. */
export const RELU6: i32 = 4
/** Floats between the rows of a row-major left-hand panel, and the largest depth of a block. */
export const ROW_STRIDE: i32 = ${ROW_STRIDE}
/** Most rows of a tile; the rows that the interleaved layout keeps together. */
export const tileRows: i32 = ${tileRows}
/** Whether vectors are joined: two panels are then multiplied at a time, by as many rows as \`pairRows\`. */
export const joined: bool = ${joined}
export const pairRows: i32 = ${PAIR_ROWS}
/** Bytes of channels that files written for paired-vectors.ts take at a time. */
export const VECTOR: i32 = ${joined ? 32 : 16}
${kernels.join('')}`
}
