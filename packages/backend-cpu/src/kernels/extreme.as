// Largest and smallest numbers over rows, or over a row's own floats, a NaN among them being the answer; and in which
// row the first of them is, which no NaN is larger or smaller than, as in tfjs.

@unmanaged
export class ExtremeParameters {
  /** [batches, rows, columns] floats. */
  x: u32
  /** [batches, columns] floats, or of rows' numbers int32. */
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

// @ts-ignore: decorator
@inline
function beyond(next: v128, value: v128, smallest: i32): v128 {
  return smallest ? f32x4.lt(next, value) : f32x4.gt(next, value)
}

/** Which of a row's own floats, `count` from x on, is the first extreme one. */
function placeInRow(x: usize, count: i32, smallest: i32): i32 {
  // Four places at a time, each lane from the first float on.
  let values = v128.load32_splat(x)
  let places = i32x4.splat(0)
  let at = i32x4(1, 2, 3, 4)
  let place = 1
  for (; place + 4 <= count; place += 4) {
    const next = v128.load(x + (<usize>place << 2))
    const isBeyond = beyond(next, values, smallest)
    values = v128.bitselect(next, values, isBeyond)
    places = v128.bitselect(at, places, isBeyond)
    at = i32x4.add(at, i32x4.splat(4))
  }
  let value = f32x4.extract_lane(values, 0)
  let found = i32x4.extract_lane(places, 0)
  for (let lane = 1; lane < 4; lane++) {
    values = v128.shuffle<f32>(values, values, 1, 2, 3, 0)
    places = v128.shuffle<f32>(places, places, 1, 2, 3, 0)
    const next = f32x4.extract_lane(values, 0)
    const there = i32x4.extract_lane(places, 0)
    // Equal ones: the first of them.
    if ((smallest ? next < value : next > value) || (next == value && there < found)) {
      value = next
      found = there
    }
  }
  for (; place < count; place++) {
    const next = load<f32>(x + (<usize>place << 2))
    if (smallest ? next < value : next > value) {
      value = next
      found = place
    }
  }
  return found
}

export function extremePlace(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<ExtremeParameters>(parameters)
  const last = min(p.count, (task + 1) * p.taskCount)
  const step = <usize>p.columns << 2
  const bytes = <usize>p.rows * step
  let place = task * p.taskCount
  while (place < last) {
    const column = place % p.columns
    let x = <usize>p.x + <usize>(place / p.columns) * bytes + (<usize>column << 2)
    const to = <usize>p.result + (<usize>place << 2)
    if (p.columns == 1) {
      store<i32>(to, placeInRow(x, p.rows, p.smallest))
      place++
    } else if (p.columns - column >= 4 && last - place >= 4) {
      let value = v128.load(x)
      let found = i32x4.splat(0)
      for (let row = 1; row < p.rows; row++) {
        x += step
        const next = v128.load(x)
        const isBeyond = beyond(next, value, p.smallest)
        value = v128.bitselect(next, value, isBeyond)
        found = v128.bitselect(i32x4.splat(row), found, isBeyond)
      }
      v128.store(to, found)
      place += 4
    } else {
      let value = load<f32>(x)
      let found = 0
      for (let row = 1; row < p.rows; row++) {
        x += step
        const next = load<f32>(x)
        if (p.smallest ? next < value : next > value) {
          value = next
          found = row
        }
      }
      store<i32>(to, found)
      place++
    }
  }
}
