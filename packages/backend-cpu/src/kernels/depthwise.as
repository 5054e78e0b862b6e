// Depthwise convolution of NHWC pictures and its two gradients: every channel for itself, each with `multiplier`
// filters. Channels run innermost: with one filter a channel, four at a time; with more, one number at a time. A
// forward task is a row of the map, one of the input's gradient a row of the picture, one of the filter's gradient a
// strip of channels (a cache line of each pixel) of a piece of the pictures, whose sums the caller adds up.

import { multiplyAdd } from './vector'

/** Channels of a task of the filter's gradient. */
export const DEPTHWISE_STRIP: i32 = 16

@unmanaged
export class DepthwiseParameters {
  picture: u32
  /** [height, width, channels, multiplier]; of the filter's gradient the result, one after the other a piece. */
  filter: u32
  map: u32
  /** What each map starts with, or 0. */
  start: u32
  /** Bounds of the result of the forward pass. */
  least: f32
  most: f32
  batch: i32
  pictureHeight: i32
  pictureWidth: i32
  channels: i32
  multiplier: i32
  mapHeight: i32
  mapWidth: i32
  filterHeight: i32
  filterWidth: i32
  strideHeight: i32
  strideWidth: i32
  padTop: i32
  padLeft: i32
  dilationHeight: i32
  dilationWidth: i32
  /** Pictures of a piece of the filter's gradient. */
  piecePictures: i32
  /** Of the picture's gradient: a table for each worker, and its bytes, eight for each element of the filter. */
  taps: u32
  tapsBytes: i32
}

/** One row of the map. */
export function depthwise(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<DepthwiseParameters>(parameters)
  const maps = p.channels * p.multiplier
  const mapBytes = <usize>maps << 2
  const pixelBytes = <usize>p.channels << 2
  const rowBytes = <usize>p.pictureWidth * pixelBytes
  const base = <usize>p.picture + <usize>(task / p.mapHeight) * <usize>p.pictureHeight * rowBytes
  const top = (task % p.mapHeight) * p.strideHeight - p.padTop
  const least = f32x4.splat(p.least)
  const most = f32x4.splat(p.most)
  const columnBytes = <usize>p.dilationWidth * pixelBytes
  let target = <usize>p.map + <usize>task * <usize>p.mapWidth * mapBytes
  for (let mapX = 0; mapX < p.mapWidth; mapX++, target += mapBytes) {
    const left = mapX * p.strideWidth - p.padLeft
    // Columns of the filter that lie on the picture.
    const j0 = left < 0 ? (-left + p.dilationWidth - 1) / p.dilationWidth : 0
    const j1 = min(p.filterWidth, (p.pictureWidth - left + p.dilationWidth - 1) / p.dilationWidth)
    let at: usize = 0
    if (p.multiplier == 1) {
      for (; at + 16 <= pixelBytes; at += 16) {
        let sum = p.start ? v128.load(<usize>p.start + at) : f32x4.splat(0)
        for (let i = 0, y = top; i < p.filterHeight; i++, y += p.dilationHeight) {
          if (<u32>y >= <u32>p.pictureHeight) continue
          let from = base + <usize>y * rowBytes + <usize>(left + j0 * p.dilationWidth) * pixelBytes + at
          let weight = <usize>p.filter + <usize>(i * p.filterWidth + j0) * pixelBytes + at
          for (let j = j0; j < j1; j++) {
            sum = multiplyAdd(v128.load(from), v128.load(weight), sum)
            from += columnBytes
            weight += pixelBytes
          }
        }
        v128.store(target + at, f32x4.pmin(f32x4.pmax(sum, least), most))
      }
    }
    for (; at < mapBytes; at += 4) {
      const channel = <usize>(<i32>(at >> 2) / p.multiplier) << 2
      let sum: f32 = p.start ? load<f32>(<usize>p.start + at) : 0
      for (let i = 0, y = top; i < p.filterHeight; i++, y += p.dilationHeight) {
        if (<u32>y >= <u32>p.pictureHeight) continue
        let from = base + <usize>y * rowBytes + <usize>(left + j0 * p.dilationWidth) * pixelBytes + channel
        let weight = <usize>p.filter + <usize>(i * p.filterWidth + j0) * mapBytes + at
        for (let j = j0; j < j1; j++) {
          sum += load<f32>(from) * load<f32>(weight)
          from += columnBytes
          weight += mapBytes
        }
      }
      const bounded = f32x4.pmin(f32x4.pmax(f32x4.splat(sum), least), most)
      v128.store_lane<f32>(target + at, bounded, 0)
    }
  }
}

/** One row of the picture's gradient: for each pixel a table of the maps that it went to and by which weight. */
export function depthwisePicture(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<DepthwiseParameters>(parameters)
  const mapBytes = <usize>(p.channels * p.multiplier) << 2
  const pixelBytes = <usize>p.channels << 2
  const base = <usize>p.map + <usize>(task / p.pictureHeight) * <usize>(p.mapHeight * p.mapWidth) * mapBytes
  const y = task % p.pictureHeight + p.padTop
  const taps = <usize>p.taps + <usize>(worker * p.tapsBytes)
  let target = <usize>p.picture + <usize>task * <usize>p.pictureWidth * pixelBytes
  for (let x = p.padLeft, end = p.padLeft + p.pictureWidth; x < end; x++, target += pixelBytes) {
    let last = taps
    for (let i = 0; i < p.filterHeight; i++) {
      const row = placeOf(y - i * p.dilationHeight, p.strideHeight, p.mapHeight)
      if (row < 0) continue
      for (let j = 0; j < p.filterWidth; j++) {
        const column = placeOf(x - j * p.dilationWidth, p.strideWidth, p.mapWidth)
        if (column < 0) continue
        store<u32>(last, <u32>(base + <usize>(row * p.mapWidth + column) * mapBytes))
        store<u32>(last, <u32>(<usize>p.filter + <usize>(i * p.filterWidth + j) * mapBytes), 4)
        last += 8
      }
    }
    let at: usize = 0
    if (p.multiplier == 1) {
      for (; at + 16 <= pixelBytes; at += 16) {
        let sum = f32x4.splat(0)
        for (let tap = taps; tap < last; tap += 8) {
          sum = multiplyAdd(v128.load(<usize>load<u32>(tap) + at), v128.load(<usize>load<u32>(tap, 4) + at), sum)
        }
        v128.store(target + at, sum)
      }
    }
    for (; at < pixelBytes; at += 4) {
      const first = at * <usize>p.multiplier
      const end = first + (<usize>p.multiplier << 2)
      let sum: f32 = 0
      for (let tap = taps; tap < last; tap += 8) {
        const from = <usize>load<u32>(tap)
        const weight = <usize>load<u32>(tap, 4)
        for (let map = first; map < end; map += 4) sum += load<f32>(from + map) * load<f32>(weight + map)
      }
      store<f32>(target + at, sum)
    }
  }
}

/** The map's place whose window begins at a distance, or −1 where none does. */
// @ts-ignore: decorator
@inline
function placeOf(distance: i32, stride: i32, length: i32): i32 {
  if (stride == 1) return <u32>distance < <u32>length ? distance : -1
  if (distance < 0 || distance % stride != 0) return -1
  const place = distance / stride
  return place < length ? place : -1
}

/** A strip of channels of the filter's gradient, over a piece of the pictures. */
export function depthwiseFilter(parameters: usize, task: i32, worker: i32): void {
  const p = changetype<DepthwiseParameters>(parameters)
  const maps = p.channels * p.multiplier
  const strips = (maps + DEPTHWISE_STRIP - 1) / DEPTHWISE_STRIP
  const piece = task / strips
  const map0 = task % strips * DEPTHWISE_STRIP
  const first = <usize>map0 << 2
  const last = <usize>min(maps, map0 + DEPTHWISE_STRIP) << 2
  const mapBytes = <usize>maps << 2
  const pixelBytes = <usize>p.channels << 2
  const rowBytes = <usize>p.pictureWidth * pixelBytes
  const elements = p.filterHeight * p.filterWidth
  const result = <usize>p.filter + <usize>piece * <usize>elements * mapBytes
  for (let element = 0; element < elements; element++) {
    memory.fill(result + <usize>element * mapBytes + first, 0, last - first)
  }
  const picture1 = min(p.batch, (piece + 1) * p.piecePictures)
  for (let picture = piece * p.piecePictures; picture < picture1; picture++) {
    for (let mapY = 0; mapY < p.mapHeight; mapY++) {
      const mapRow = <usize>p.map + <usize>(picture * p.mapHeight + mapY) * <usize>p.mapWidth * mapBytes
      for (let i = 0; i < p.filterHeight; i++) {
        const y = mapY * p.strideHeight - p.padTop + i * p.dilationHeight
        if (<u32>y >= <u32>p.pictureHeight) continue
        const row = <usize>p.picture + <usize>(picture * p.pictureHeight + y) * rowBytes
        for (let j = 0; j < p.filterWidth; j++) {
          const shift = j * p.dilationWidth - p.padLeft
          // Maps whose pixel lies on the picture.
          const x0 = shift < 0 ? (-shift + p.strideWidth - 1) / p.strideWidth : 0
          const x1 = min(p.mapWidth, (p.pictureWidth - shift + p.strideWidth - 1) / p.strideWidth)
          const to = result + <usize>(i * p.filterWidth + j) * mapBytes
          const start = row + <usize>(x0 * p.strideWidth + shift) * pixelBytes
          const step = <usize>p.strideWidth * pixelBytes
          const from = mapRow + <usize>x0 * mapBytes
          const end = mapRow + <usize>max(x0, x1) * mapBytes
          let at = first
          if (p.multiplier == 1) {
            if (at + 64 <= last) {
              let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0
              for (let dy = from + at, x = start + at; dy < end; dy += mapBytes, x += step) {
                s0 = multiplyAdd(v128.load(x), v128.load(dy), s0)
                s1 = multiplyAdd(v128.load(x, 16), v128.load(dy, 16), s1)
                s2 = multiplyAdd(v128.load(x, 32), v128.load(dy, 32), s2)
                s3 = multiplyAdd(v128.load(x, 48), v128.load(dy, 48), s3)
              }
              v128.store(to + at, f32x4.add(v128.load(to + at), s0))
              v128.store(to + at, f32x4.add(v128.load(to + at, 16), s1), 16)
              v128.store(to + at, f32x4.add(v128.load(to + at, 32), s2), 32)
              v128.store(to + at, f32x4.add(v128.load(to + at, 48), s3), 48)
              at += 64
            }
            for (; at + 16 <= last; at += 16) {
              let sum = f32x4.splat(0)
              for (let dy = from + at, x = start + at; dy < end; dy += mapBytes, x += step) {
                sum = multiplyAdd(v128.load(x), v128.load(dy), sum)
              }
              v128.store(to + at, f32x4.add(v128.load(to + at), sum))
            }
          }
          for (; at < last; at += 4) {
            const channel = <usize>(<i32>(at >> 2) / p.multiplier) << 2
            let sum: f32 = 0
            for (let dy = from + at, x = start + channel; dy < end; dy += mapBytes, x += step) {
              sum += load<f32>(x) * load<f32>(dy)
            }
            store<f32>(to + at, load<f32>(to + at) + sum)
          }
        }
      }
    }
  }
}
