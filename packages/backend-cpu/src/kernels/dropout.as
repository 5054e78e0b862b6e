// Dropout whose mask is a pure function of two keys and the element's index (an integer hash of four
// rounds, @alexnet/core's random.ts): nothing is drawn in order, nothing kept for the backward pass,
// which applies the same mask to the gradient.

@unmanaged
export class DropoutParameters {
  x: u32
  result: u32
  count: i32
  taskCount: i32
  /** Keys of the two rounds of the hash. */
  first: u32
  second: u32
  /** An element is kept if its hash is below. */
  threshold: u32
  /** Index of the first element for the hash. */
  firstElement: u32
  /** What kept elements are multiplied by. */
  scale: f32
}

/** result = scale · x where the element's hash is below the threshold, elsewhere 0. */
export function dropout(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<DropoutParameters>(parameters)
  const from = task * p.taskCount
  const to = min(p.count, from + p.taskCount)
  const scale = f32x4.splat(p.scale)
  const threshold = i32x4.splat(p.threshold)
  let index = i32x4.add(i32x4.splat(<i32>(p.firstElement + <u32>from)), i32x4(0, 1, 2, 3))
  let x = <usize>p.x + (<usize>from << 2)
  let result = <usize>p.result + (<usize>from << 2)
  for (let i = from; i < to; i += 4) {
    const kept = i32x4.lt_u(hash(index, p), threshold)
    if (i + 4 <= to) {
      v128.store(result, v128.and(kept, f32x4.mul(v128.load(x), scale)))
    } else {
      let lanes = kept
      for (let j = i; j < to; j++) {
        const at = <usize>(j - i) << 2
        store<f32>(result + at, i32x4.extract_lane(lanes, 0) ? load<f32>(x + at) * p.scale : 0)
        lanes = v128.shuffle<i32>(lanes, lanes, 1, 2, 3, 0)
      }
    }
    index = i32x4.add(index, i32x4.splat(4))
    x += 16
    result += 16
  }
}

// @ts-ignore: decorator
@inline
function hash(index: v128, p: DropoutParameters): v128 {
  let h = i32x4.mul(v128.xor(index, i32x4.splat(p.first)), i32x4.splat(0x9e3779b1))
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 15)), i32x4.splat(0x85ebca6b))
  h = i32x4.add(v128.xor(h, i32x4.shr_u(h, 13)), i32x4.splat(p.second))
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 16)), i32x4.splat(0x7feb352d))
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 15)), i32x4.splat(0x846ca68b))
  return v128.xor(h, i32x4.shr_u(h, 16))
}
