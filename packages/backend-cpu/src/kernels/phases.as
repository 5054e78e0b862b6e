// A picture rearranged by phases: squares of stride × stride pixels become the channels of one. A convolution
// that moves by `stride` pixels moves by one there, so that Winograd's method covers it (phases.ts).

import { clearFloats, copyFloats } from './vector'

@unmanaged
export class PhasesParameters {
  picture: u32
  result: u32
  height: i32
  width: i32
  channels: i32
  stride: i32
  /** Where the first square begins before the picture; what lies outside is zeros. */
  padTop: i32
  padLeft: i32
  rows: i32
  columns: i32
}

/** Task = a row of squares: result [square][y][x][channel]. A square's row is a multiple of four floats. */
export function phases(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<PhasesParameters>(parameters)
  const stride = p.stride
  const channels = p.channels
  const width = p.width
  const columns = p.columns
  const pixelBytes = <usize>channels << 2
  const squareRow = stride * channels
  const squareBytes = <usize>(stride * squareRow) << 2
  const top = (task % p.rows) * stride - p.padTop
  const picture = <usize>p.picture + <usize>(task / p.rows * p.height * width) * pixelBytes
  const result = <usize>p.result + <usize>(task * columns) * squareBytes
  for (let phase = 0; phase < stride; phase++) {
    const y = top + phase
    const row = picture + <usize>(y * width) * pixelBytes
    let to = result + (<usize>(phase * squareRow) << 2)
    for (let column = 0; column < columns; column++) {
      const x = column * stride - p.padLeft
      const from = row + <usize>x * pixelBytes
      if (<u32>y >= <u32>p.height) {
        clearFloats(to, squareRow)
      } else if (x >= 0 && x + stride <= width) {
        copyFloats(to, from, squareRow)
      } else {
        clearFloats(to, squareRow)
        const first = max(0, -x) * channels
        const last = min(stride, width - x) * channels
        for (let i = first; i < last; i++) {
          store<f32>(to + (<usize>i << 2), load<f32>(from + (<usize>i << 2)))
        }
      }
      to += squareBytes
    }
  }
}
