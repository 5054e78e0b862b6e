// Sums. A sum over leading axes adds rows of columns floats (the gradient of a bias); a sum over trailing
// axes adds each row. Both are cut into pieces of a fixed size whose sums are then added in order, so
// the result depends neither on threads nor, in its error, on the length: pieces of pieces stay short.

@unmanaged
export class ColumnSumParameters {
  x: u32
  result: u32
  rows: i32
  columns: i32
  /** Rows of a task; task t writes row t of result. */
  taskRows: i32
}

/** result[task, column] = sum of x[row, column] over the task's rows. */
export function columnSum(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<ColumnSumParameters>(parameters)
  const row0 = task * p.taskRows
  const row1 = min(p.rows, row0 + p.taskRows)
  const rowBytes = <usize>p.columns << 2
  const result = <usize>p.result + <usize>task * rowBytes
  const first = <usize>p.x + <usize>row0 * rowBytes
  const last = <usize>p.x + <usize>row1 * rowBytes
  let at: usize = 0
  for (; at + 64 <= rowBytes; at += 64) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0
    for (let x = first + at; x < last; x += rowBytes) {
      s0 = f32x4.add(s0, v128.load(x))
      s1 = f32x4.add(s1, v128.load(x, 16))
      s2 = f32x4.add(s2, v128.load(x, 32))
      s3 = f32x4.add(s3, v128.load(x, 48))
    }
    v128.store(result + at, s0)
    v128.store(result + at, s1, 16)
    v128.store(result + at, s2, 32)
    v128.store(result + at, s3, 48)
  }
  for (; at < rowBytes; at += 4) {
    let sum: f32 = 0
    for (let x = first + at; x < last; x += rowBytes) sum += load<f32>(x)
    store<f32>(result + at, sum)
  }
}

@unmanaged
export class RowSumParameters {
  x: u32
  result: u32
  rows: i32
  columns: i32
  taskRows: i32
}

/** result[row] = sum of x[row, ...]. */
export function rowSum(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<RowSumParameters>(parameters)
  const row1 = min(p.rows, (task + 1) * p.taskRows)
  for (let row = task * p.taskRows; row < row1; row++) {
    let x = <usize>p.x + (<usize>row * <usize>p.columns << 2)
    const end = x + (<usize>p.columns << 2)
    let total: f32 = 0
    while (x < end) {
      const pieceEnd = min(end, x + 16384)
      let s0 = f32x4.splat(0), s1 = s0
      for (; x + 32 <= pieceEnd; x += 32) {
        s0 = f32x4.add(s0, v128.load(x))
        s1 = f32x4.add(s1, v128.load(x, 16))
      }
      s0 = f32x4.add(s0, s1)
      let sum = f32x4.extract_lane(s0, 0) + f32x4.extract_lane(s0, 1) + (f32x4.extract_lane(s0, 2) + f32x4.extract_lane(s0, 3))
      for (; x < pieceEnd; x += 4) sum += load<f32>(x)
      total += sum
    }
    store<f32>(<usize>p.result + (<usize>row << 2), total)
  }
}
