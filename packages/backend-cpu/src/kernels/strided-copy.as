// A copy whose elements come from strided places, of any sign or zero: transposes, tiles, reverses. The result is
// written from end to end; up to four axes, the last one a row's.

@unmanaged
export class StridedCopyParameters {
  from: u32
  to: u32
  /** Lengths of the result's axes; the first is what is left of the rows. */
  second: i32
  third: i32
  columns: i32
  /** Floats from one element to the next along each axis. */
  firstStride: i32
  secondStride: i32
  thirdStride: i32
  stride: i32
  rows: i32
  taskRows: i32
}

export function stridedCopy(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<StridedCopyParameters>(parameters)
  const row0 = task * p.taskRows
  const row1 = min(p.rows, row0 + p.taskRows)
  const bytes = <usize>p.columns << 2
  const step = <usize>p.stride << 2
  for (let row = row0; row < row1; row++) {
    const third = row % p.third
    const above = row / p.third
    const place = above / p.second * p.firstStride + above % p.second * p.secondStride + third * p.thirdStride
    let from = <usize>p.from + (<usize>place << 2)
    let to = <usize>p.to + <usize>row * bytes
    const end = to + bytes
    if (p.stride == 1) {
      if (bytes >= 256) {
        memory.copy(to, from, bytes)
        continue
      }
      for (; to + 16 <= end; to += 16, from += 16) v128.store(to, v128.load(from))
    } else if (p.stride == 0) {
      const value = v128.load_splat<f32>(from)
      for (; to + 16 <= end; to += 16) v128.store(to, value)
    }
    for (; to < end; to += 4, from += step) store<f32>(to, load<f32>(from))
  }
}
