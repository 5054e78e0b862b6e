// Largest and smallest numbers over rows, or over a row's own floats; a NaN among them is the answer.

@unmanaged
export class ExtremeParameters {
  /** [batches, rows, columns] floats. */
  x: u32
  /** [batches, columns] floats. */
  result: u32
  rows: i32
  columns: i32
  /** 1 for the smallest. */
  smallest: i32
  /** Numbers of the result. */
  count: i32
  /** Numbers of the result that a task takes. */
  taskCount: i32
}

export function extreme(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<ExtremeParameters>(parameters)
  const last = min(p.count, (task + 1) * p.taskCount)
  const step = <usize>p.columns << 2
  const bytes = <usize>p.rows * step
  let place = task * p.taskCount
  while (place < last) {
    const column = place % p.columns
    const from = <usize>p.x + <usize>(place / p.columns) * bytes + (<usize>column << 2)
    const to = <usize>p.result + (<usize>place << 2)
    if (p.columns - column >= 4 && last - place >= 4) {
      let value = v128.load(from)
      for (let x = from + step, end = from + bytes; x < end; x += step) {
        value = p.smallest ? f32x4.min(value, v128.load(x)) : f32x4.max(value, v128.load(x))
      }
      v128.store(to, value)
      place += 4
    } else {
      let value = load<f32>(from)
      for (let x = from + step, end = from + bytes; x < end; x += step) {
        value = p.smallest ? min(value, load<f32>(x)) : max(value, load<f32>(x))
      }
      store<f32>(to, value)
      place++
    }
  }
}
