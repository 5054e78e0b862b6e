// Max and average pooling of NHWC pictures and their gradients. Channels run innermost, a vector at a time;
// a forward task is a row of the map, a gradient task one picture or, of few pictures, a strip of its channels,
// because the windows of a picture overlap and only one task may add to an element.

import { VECTOR } from '../micro-kernel'
import { bringNear } from './vector'
import { largestOfNine, sendToMaximumOfNine } from './pooling-window'

@unmanaged
export class PoolingParameters {
  x: u32
  /** The map: the result forward, the stored result for the gradient of a maximum. */
  y: u32
  dy: u32
  dx: u32
  average: i32
  batch: i32
  pictureHeight: i32
  pictureWidth: i32
  channels: i32
  mapHeight: i32
  mapWidth: i32
  windowHeight: i32
  windowWidth: i32
  strideHeight: i32
  strideWidth: i32
  padTop: i32
  padLeft: i32
  /** Channels of a gradient task. */
  taskChannels: i32
  /** 1: the gradient of ReLU before a maximum is taken with it, 0 where the maximum is not above zero. */
  rectified: i32
}

/** One row of maps: y = maximum or mean of the window's pixels that lie inside the picture. */
export function pool(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<PoolingParameters>(parameters)
  const picture = task / p.mapHeight
  const pixelBytes = <usize>p.channels << 2
  const rowBytes = <usize>p.pictureWidth * pixelBytes
  const base = <usize>p.x + <usize>picture * <usize>p.pictureHeight * rowBytes
  const top = (task % p.mapHeight) * p.strideHeight - p.padTop
  const y0 = max(0, top)
  const y1 = min(p.pictureHeight, top + p.windowHeight)
  let target = <usize>p.y + <usize>task * <usize>p.mapWidth * pixelBytes
  if (y1 > y0) bringNear(base + <usize>y0 * rowBytes, <usize>(y1 - y0) * rowBytes, target)
  for (let mapX = 0; mapX < p.mapWidth; mapX++) {
    const edge = mapX * p.strideWidth - p.padLeft
    const x0 = max(0, edge)
    const x1 = min(p.pictureWidth, edge + p.windowWidth)
    const scale = f32x4.splat(<f32>1 / <f32>max(1, (y1 - y0) * (x1 - x0)))
    let at: usize = 0
    if (!p.average && y1 - y0 == 3 && x1 - x0 == 3) {
      at = pixelBytes & ~(<usize>VECTOR - 1)
      largestOfNine(base + <usize>y0 * rowBytes + <usize>x0 * pixelBytes, target, rowBytes, pixelBytes, at)
    }
    for (; at + 16 <= pixelBytes; at += 16) {
      let value = p.average ? f32x4.splat(0) : f32x4.splat(-Infinity)
      let nan = i32x4.splat(0)
      for (let y = y0; y < y1; y++) {
        let from = base + <usize>y * rowBytes + <usize>x0 * pixelBytes + at
        const end = base + <usize>y * rowBytes + <usize>x1 * pixelBytes + at
        if (p.average) {
          for (; from < end; from += pixelBytes) value = f32x4.add(value, v128.load(from))
        } else {
          for (; from < end; from += pixelBytes) {
            const element = v128.load(from)
            value = f32x4.pmax(value, element)
            nan = v128.or(nan, f32x4.ne(element, element))
          }
        }
      }
      v128.store(target + at, p.average ? f32x4.mul(value, scale) : v128.or(value, nan))
    }
    for (; at < pixelBytes; at += 4) {
      let value: f32 = p.average ? 0 : -Infinity
      for (let y = y0; y < y1; y++) {
        for (let x = x0; x < x1; x++) {
          const element = load<f32>(base + <usize>y * rowBytes + <usize>x * pixelBytes + at)
          value = p.average ? value + element : max(value, element)
        }
      }
      store<f32>(target + at, p.average ? value * f32x4.extract_lane(scale, 0) : value)
    }
    target += pixelBytes
  }
}

/** Zeros in channels `first` to `last` (bytes) of the pixels from `pixel` to `end`. */
function clearPixels(pixel: usize, end: usize, pixelBytes: usize, first: usize, last: usize): void {
  const zero = f32x4.splat(0)
  for (; pixel < end; pixel += pixelBytes) {
    let at = first
    for (; at + 16 <= last; at += 16) v128.store(pixel + at, zero)
    for (; at < last; at += 4) store<f32>(pixel + at, 0)
  }
}

/**
 * A picture, or a strip of its channels: dx = dy sent to the first element of its window that equals the
 * maximum, or spread evenly over the window's pixels that lie inside the picture.
 */
export function poolGradient(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<PoolingParameters>(parameters)
  const strips = (p.channels + p.taskChannels - 1) / p.taskChannels
  const picture = task / strips
  const channel0 = (task % strips) * p.taskChannels
  const first = <usize>channel0 << 2
  const last = <usize>min(p.channels, channel0 + p.taskChannels) << 2
  const pixelBytes = <usize>p.channels << 2
  const rowBytes = <usize>p.pictureWidth * pixelBytes
  const pictureBytes = <usize>p.pictureHeight * rowBytes
  const x = <usize>p.x + <usize>picture * pictureBytes
  const dx = <usize>p.dx + <usize>picture * pictureBytes
  const vectors = (last - first) & ~(<usize>VECTOR - 1)
  const always = p.rectified ? 0 : -1
  // Rows of the picture that are cleared: just before the first window adds to them.
  let cleared = dx

  let map = <usize>picture * <usize>p.mapHeight * <usize>p.mapWidth * pixelBytes
  for (let mapY = 0; mapY < p.mapHeight; mapY++) {
    const top = mapY * p.strideHeight - p.padTop
    const y0 = max(0, top)
    const y1 = min(p.pictureHeight, top + p.windowHeight)
    const below = dx + <usize>max(0, y1) * rowBytes
    if (below > cleared) {
      if (!p.average && last - first == pixelBytes) bringNear(x + (cleared - dx), below - cleared, cleared)
      clearPixels(cleared, below, pixelBytes, first, last)
      cleared = below
    }
    for (let mapX = 0; mapX < p.mapWidth; mapX++) {
      const edge = mapX * p.strideWidth - p.padLeft
      const x0 = max(0, edge)
      const x1 = min(p.pictureWidth, edge + p.windowWidth)
      const scale = <f32>1 / <f32>max(1, (y1 - y0) * (x1 - x0))
      let at = first
      if (!p.average && y1 - y0 == 3 && x1 - x0 == 3) {
        const corner = <usize>y0 * rowBytes + <usize>x0 * pixelBytes + at
        const place = map + at
        sendToMaximumOfNine(
          x + corner, dx + corner, <usize>p.y + place, <usize>p.dy + place, rowBytes, pixelBytes, vectors, always,
        )
        at += vectors
      }
      for (; at + 16 <= last; at += 16) {
        let dy = v128.load(<usize>p.dy + map + at)
        if (p.average) {
          const share = f32x4.mul(dy, f32x4.splat(scale))
          for (let y = y0; y < y1; y++) {
            for (let column = x0; column < x1; column++) {
              const to = dx + <usize>y * rowBytes + <usize>column * pixelBytes + at
              v128.store(to, f32x4.add(v128.load(to), share))
            }
          }
        } else {
          const maximum = v128.load(<usize>p.y + map + at)
          if (p.rectified) dy = v128.and(dy, f32x4.gt(maximum, f32x4.splat(0)))
          let open = i32x4.splat(-1)
          for (let y = y0; y < y1; y++) {
            for (let column = x0; column < x1; column++) {
              const offset = <usize>y * rowBytes + <usize>column * pixelBytes + at
              // Without a branch: where the maximum is cannot be predicted.
              const here = v128.and(open, f32x4.eq(v128.load(x + offset), maximum))
              v128.store(dx + offset, f32x4.add(v128.load(dx + offset), v128.and(here, dy)))
              open = v128.andnot(open, here)
            }
          }
        }
      }
      for (; at < last; at += 4) {
        const dy = load<f32>(<usize>p.dy + map + at)
        const maximum: f32 = p.average ? 0 : load<f32>(<usize>p.y + map + at)
        let open = !p.rectified || maximum > 0
        for (let y = y0; y < y1; y++) {
          for (let column = x0; column < x1; column++) {
            const offset = <usize>y * rowBytes + <usize>column * pixelBytes + at
            if (p.average) {
              store<f32>(dx + offset, load<f32>(dx + offset) + dy * scale)
            } else if (open && load<f32>(x + offset) == maximum) {
              store<f32>(dx + offset, load<f32>(dx + offset) + dy)
              open = false
            }
          }
        }
      }
      map += pixelBytes
    }
  }
  clearPixels(cleared, dx + pictureBytes, pixelBytes, first, last)
}
