// Copies rows between strided places: what slices, splits and concatenations are.

@unmanaged
export class CopyRowsParameters {
  from: u32
  to: u32
  rows: i32
  columns: i32
  /** Floats between rows. */
  fromStride: i32
  toStride: i32
  taskRows: i32
}

export function copyRows(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<CopyRowsParameters>(parameters)
  const row1 = min(p.rows, (task + 1) * p.taskRows)
  const bytes = <usize>p.columns << 2
  for (let row = task * p.taskRows; row < row1; row++) {
    const from = <usize>p.from + (<usize>row * <usize>p.fromStride << 2)
    const to = <usize>p.to + (<usize>row * <usize>p.toStride << 2)
    if (bytes >= 256) {
      memory.copy(to, from, bytes)
      continue
    }
    let at: usize = 0
    for (; at + 16 <= bytes; at += 16) v128.store(to + at, v128.load(from + at))
    for (; at < bytes; at += 4) store<f32>(to + at, load<f32>(from + at))
  }
}
