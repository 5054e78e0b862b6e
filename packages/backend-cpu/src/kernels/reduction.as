// Sums and means, summed in float64 and rounded once: a mean of equal numbers is that number, and sums that leave
// float32's range on the way come back. A sum over rows of columns floats (the gradient of a bias) adds rows; a
// sum over trailing axes adds each row's own floats. Rows are cut into pieces of a fixed size whose sums are then
// added in order, so the result does not depend on threads.

@unmanaged
export class ColumnSumParameters {
  /** [batches, rows, columns] floats. */
  x: u32
  /** [batches, columns] floats. */
  result: u32
  /** [batches, pieces, columns] doubles, or 0 where there is one piece. */
  partial: u32
  rows: i32
  columns: i32
  /** Rows of a piece, and how many pieces there are. */
  pieceRows: i32
  pieces: i32
  /** Columns of a task, a multiple of 16. */
  taskColumns: i32
  /** 1 for a sum, the number of rows for a mean. */
  divisor: f32
}

// @ts-ignore: decorator
@inline
function high(x: v128): v128 {
  return v128.shuffle<f32>(x, x, 2, 3, 2, 3)
}

/** Writes four sums at a column's place, as doubles or divided and as floats. */
// @ts-ignore: decorator
@inline
function storeSums(p: ColumnSumParameters, place: usize, low: v128, above: v128): void {
  if (p.partial) {
    v128.store(<usize>p.partial + (place << 3), low)
    v128.store(<usize>p.partial + (place << 3), above, 16)
    return
  }
  const divisor = f64x2.splat(<f64>p.divisor)
  const first = f32x4.demote_f64x2_zero(f64x2.div(low, divisor))
  const second = f32x4.demote_f64x2_zero(f64x2.div(above, divisor))
  v128.store(<usize>p.result + (place << 2), v128.shuffle<f32>(first, second, 0, 1, 4, 5))
}

/** A piece's sums of a strip of columns; tasks run over strips, then pieces, then batches. */
export function columnSum(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<ColumnSumParameters>(parameters)
  const strips = (p.columns + p.taskColumns - 1) / p.taskColumns
  const piece = task / strips % p.pieces
  const batch = task / strips / p.pieces
  const row0 = piece * p.pieceRows
  const row1 = min(p.rows, row0 + p.pieceRows)
  const rowBytes = <usize>p.columns << 2
  const start = <usize>p.x + <usize>batch * <usize>p.rows * rowBytes
  const first = start + <usize>row0 * rowBytes
  const last = start + <usize>row1 * rowBytes
  const place = (<usize>batch * <usize>p.pieces + <usize>piece) * <usize>p.columns
  let column = <usize>(task % strips) * <usize>p.taskColumns
  const end = min<usize>(<usize>p.columns, column + <usize>p.taskColumns)
  for (; column + 16 <= end; column += 16) {
    let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0
    for (let x = first + (column << 2), until = last + (column << 2); x < until; x += rowBytes) {
      const a = v128.load(x)
      const b = v128.load(x, 16)
      const c = v128.load(x, 32)
      const d = v128.load(x, 48)
      s0 = f64x2.add(s0, f64x2.promote_low_f32x4(a))
      s1 = f64x2.add(s1, f64x2.promote_low_f32x4(high(a)))
      s2 = f64x2.add(s2, f64x2.promote_low_f32x4(b))
      s3 = f64x2.add(s3, f64x2.promote_low_f32x4(high(b)))
      s4 = f64x2.add(s4, f64x2.promote_low_f32x4(c))
      s5 = f64x2.add(s5, f64x2.promote_low_f32x4(high(c)))
      s6 = f64x2.add(s6, f64x2.promote_low_f32x4(d))
      s7 = f64x2.add(s7, f64x2.promote_low_f32x4(high(d)))
    }
    storeSums(p, place + column, s0, s1)
    storeSums(p, place + column + 4, s2, s3)
    storeSums(p, place + column + 8, s4, s5)
    storeSums(p, place + column + 12, s6, s7)
  }
  for (; column + 4 <= end; column += 4) {
    let s0 = f64x2.splat(0), s1 = s0
    for (let x = first + (column << 2), until = last + (column << 2); x < until; x += rowBytes) {
      const a = v128.load(x)
      s0 = f64x2.add(s0, f64x2.promote_low_f32x4(a))
      s1 = f64x2.add(s1, f64x2.promote_low_f32x4(high(a)))
    }
    storeSums(p, place + column, s0, s1)
  }
  for (; column < end; column++) {
    let sum: f64 = 0
    for (let x = first + (column << 2), until = last + (column << 2); x < until; x += rowBytes) sum += <f64>load<f32>(x)
    if (p.partial) store<f64>(<usize>p.partial + (place + column << 3), sum)
    else store<f32>(<usize>p.result + (place + column << 2), <f32>(sum / <f64>p.divisor))
  }
}

/** Adds the pieces' sums of a strip of columns; tasks run over strips, then batches. */
export function columnTotal(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<ColumnSumParameters>(parameters)
  const strips = (p.columns + p.taskColumns - 1) / p.taskColumns
  const batch = <usize>(task / strips)
  const rowBytes = <usize>p.columns << 3
  const first = <usize>p.partial + batch * <usize>p.pieces * rowBytes
  const last = first + <usize>p.pieces * rowBytes
  let column = <usize>(task % strips) * <usize>p.taskColumns
  const end = min<usize>(<usize>p.columns, column + <usize>p.taskColumns)
  for (; column < end; column++) {
    let sum: f64 = 0
    for (let x = first + (column << 3), until = last + (column << 3); x < until; x += rowBytes) sum += load<f64>(x)
    store<f32>(<usize>p.result + (batch * <usize>p.columns + column << 2), <f32>(sum / <f64>p.divisor))
  }
}

@unmanaged
export class RowSumParameters {
  x: u32
  result: u32
  rows: i32
  columns: i32
  taskRows: i32
  /** 1 for a sum, the number of columns for a mean. */
  divisor: f32
}

/** result[row] = sum of x[row, ...] / divisor. */
export function rowSum(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<RowSumParameters>(parameters)
  const row1 = min(p.rows, (task + 1) * p.taskRows)
  for (let row = task * p.taskRows; row < row1; row++) {
    let x = <usize>p.x + (<usize>row * <usize>p.columns << 2)
    const end = x + (<usize>p.columns << 2)
    let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0
    for (; x + 32 <= end; x += 32) {
      const a = v128.load(x)
      const b = v128.load(x, 16)
      s0 = f64x2.add(s0, f64x2.promote_low_f32x4(a))
      s1 = f64x2.add(s1, f64x2.promote_low_f32x4(high(a)))
      s2 = f64x2.add(s2, f64x2.promote_low_f32x4(b))
      s3 = f64x2.add(s3, f64x2.promote_low_f32x4(high(b)))
    }
    s0 = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3))
    let sum = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1)
    for (; x < end; x += 4) sum += <f64>load<f32>(x)
    store<f32>(<usize>p.result + (<usize>row << 2), <f32>(sum / <f64>p.divisor))
  }
}
