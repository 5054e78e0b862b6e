// Resizing NHWC pictures, bilinear or to the nearest pixel, and its gradient. Which pixels a place lies between, and
// how near it is to the second, is the caller's: tables of a row and of a column. Channels run innermost; a forward
// task is a row of the result, a gradient's a strip of channels of a picture, because only one task may add to an element.

@unmanaged
export class ResizeParameters {
  /** The pictures, or their gradient. */
  x: u32
  /** The resized pictures, or their gradient. */
  y: u32
  /** Per row, then per column of the result: first pixel, second pixel (i32), share of the second (f32). */
  places: u32
  nearest: i32
  height: i32
  width: i32
  newHeight: i32
  newWidth: i32
  channels: i32
  /** Channels of a gradient's task, a multiple of 4. */
  taskChannels: i32
}

// @ts-ignore: decorator
@inline
function between(a: v128, b: v128, share: v128): v128 {
  return f32x4.add(a, f32x4.mul(f32x4.sub(b, a), share))
}

/** One row of the result. */
export function resize(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<ResizeParameters>(parameters)
  const pixelBytes = <usize>p.channels << 2
  const rowBytes = <usize>p.width * pixelBytes
  const base = <usize>p.x + <usize>(task / p.newHeight) * <usize>p.height * rowBytes
  const place = <usize>p.places + <usize>(task % p.newHeight * 12)
  const top = base + <usize>load<i32>(place) * rowBytes
  const bottom = base + <usize>load<i32>(place, 4) * rowBytes
  const down = v128.load_splat<f32>(place, 8)
  let column = <usize>p.places + <usize>(p.newHeight * 12)
  let target = <usize>p.y + <usize>task * <usize>p.newWidth * pixelBytes
  for (let x = 0; x < p.newWidth; x++, column += 12, target += pixelBytes) {
    const left = <usize>load<i32>(column) * pixelBytes
    if (p.nearest) {
      memory.copy(target, top + left, pixelBytes)
      continue
    }
    const right = <usize>load<i32>(column, 4) * pixelBytes
    const across = v128.load_splat<f32>(column, 8)
    let at: usize = 0
    for (; at + 16 <= pixelBytes; at += 16) {
      const above = between(v128.load(top + left + at), v128.load(top + right + at), across)
      const below = between(v128.load(bottom + left + at), v128.load(bottom + right + at), across)
      v128.store(target + at, between(above, below, down))
    }
    for (; at < pixelBytes; at += 4) {
      const above = between(v128.load_splat<f32>(top + left + at), v128.load_splat<f32>(top + right + at), across)
      const below = between(v128.load_splat<f32>(bottom + left + at), v128.load_splat<f32>(bottom + right + at), across)
      v128.store_lane<f32>(target + at, between(above, below, down), 0)
    }
  }
}

/** Adds a share of a gradient to the strip of a pixel. */
// @ts-ignore: decorator
@inline
function spread(dx: usize, dy: usize, bytes: usize, share: f32): void {
  const shares = f32x4.splat(share)
  let at: usize = 0
  for (; at + 16 <= bytes; at += 16) {
    v128.store(dx + at, f32x4.add(v128.load(dx + at), f32x4.mul(v128.load(dy + at), shares)))
  }
  for (; at < bytes; at += 4) store<f32>(dx + at, load<f32>(dx + at) + load<f32>(dy + at) * share)
}

/** A strip of channels of one picture's gradient. */
export function resizeGradient(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<ResizeParameters>(parameters)
  const strips = (p.channels + p.taskChannels - 1) / p.taskChannels
  const picture = <usize>(task / strips)
  const channel = task % strips * p.taskChannels
  const bytes = <usize>(min(p.channels, channel + p.taskChannels) - channel) << 2
  const pixelBytes = <usize>p.channels << 2
  const rowBytes = <usize>p.width * pixelBytes
  const first = <usize>channel << 2
  const dx = <usize>p.x + picture * <usize>p.height * rowBytes + first
  for (let pixel = dx, end = dx + <usize>p.height * rowBytes; pixel < end; pixel += pixelBytes) {
    memory.fill(pixel, 0, bytes)
  }
  let dy = <usize>p.y + picture * <usize>(p.newHeight * p.newWidth) * pixelBytes + first
  const columns = <usize>p.places + <usize>(p.newHeight * 12)
  for (let row = <usize>p.places; row < columns; row += 12) {
    const top = dx + <usize>load<i32>(row) * rowBytes
    const bottom = dx + <usize>load<i32>(row, 4) * rowBytes
    const down = load<f32>(row, 8)
    for (let column = columns, end = columns + <usize>(p.newWidth * 12); column < end; column += 12, dy += pixelBytes) {
      const left = <usize>load<i32>(column) * pixelBytes
      if (p.nearest) {
        spread(top + left, dy, bytes, 1)
        continue
      }
      const right = <usize>load<i32>(column, 4) * pixelBytes
      const across = load<f32>(column, 8)
      spread(top + left, dy, bytes, (1 - down) * (1 - across))
      spread(top + right, dy, bytes, (1 - down) * across)
      spread(bottom + left, dy, bytes, down * (1 - across))
      spread(bottom + right, dy, bytes, down * across)
    }
  }
}
