// When and how a convolution runs by Winograd's minimal filtering; the method is in winograd.as. It covers
// 3×3 and 5×5 filters with stride 1 whose channels come in eights, forward and both gradients, and costs
// a little accuracy: errors of a few 1e-6 of the largest value, against some 1e-7 of the direct product.

import type * as tf from '@tensorflow/tfjs'
import type { AlexNetCpuBackend } from '../backend.ts'
import type { Engine } from '../engine.ts'
import {
  LEFT_TRANSPOSED,
  LINE_BYTES,
  PLANE_GAP,
  RIGHT_ROWS,
  ROW_STRIDE,
  winogradParameters,
} from '../generated/layout.ts'
import type { StructValues } from '../module.ts'
import { multiply } from './matrix-product.ts'

type Convolution = tf.backend_util.Conv2DInfo
type Parameters = StructValues<typeof winogradParameters>

/** Tiles of a task that makes its own V: their transforms and products are a MB or two, which stay near. */
const TASK_TILES = 32
/** Up to so many tiles, V is made once and tasks are blocks of maps, so that there are tasks for threads. */
const SHARED_TILES = 192
/** Bytes of the transformed tiles that the filter gradient keeps at a time: they stay in the cache until they are multiplied. */
const CHUNK_BYTES = 4e6

/** How an axis of a map is cut: tiles, and how many of them have at least 7 and 8 elements. */
interface Cut {
  tiles: number
  with7: number
  with8: number
  /** Elements of all tiles. */
  elements: number
}

const cuts = new Map<string, Cut>()

/**
 * The cut of fewest elements; of those the one of fewest tiles. A tile of n elements covers n + 1 − size
 * numbers of the map. With `fine` all tiles have 6, whose transforms lose the fewest digits.
 */
function cutAxis(length: number, size: number, fine = false): Cut {
  const key = `${length} ${size} ${fine}`
  const known = cuts.get(key)
  if (known) return known
  let best: Cut | undefined
  const most = fine ? 0 : Math.ceil(length / (7 - size))
  for (let with8 = 0; with8 <= most; with8++) {
    for (let exactly7 = 0; with8 + exactly7 <= most; exactly7++) {
      const left = length - with8 * (9 - size) - exactly7 * (8 - size)
      const exactly6 = Math.max(0, Math.ceil(left / (7 - size)))
      const tiles = with8 + exactly7 + exactly6
      const elements = 8 * with8 + 7 * exactly7 + 6 * exactly6
      const fewer = !best || elements - best.elements || tiles - best.tiles
      if (fewer === true || fewer < 0) best = { tiles, with7: with8 + exactly7, with8, elements }
    }
  }
  cuts.set(key, best!)
  return best!
}

/**
 * Whether Winograd's method covers a convolution and saves enough multiplications to pay.
 * @param share of the filter's numbers that a direct product would multiply by; the others are padding
 */
export function winogradPays(info: Convolution, groups = 1, share = 1): boolean {
  const { filterHeight: size, padInfo } = info
  const [inChannels, outChannels] = [info.inChannels / groups, info.outChannels / groups]
  const square = size === info.filterWidth && (size === 3 || size === 5)
  const plain =
    info.strideHeight === 1 &&
    info.strideWidth === 1 &&
    info.dilationHeight === 1 &&
    info.dilationWidth === 1
  // The input gradient pads by filter − 1 − pad, which must not be negative.
  const padded = Math.max(padInfo.top, padInfo.left, padInfo.bottom, padInfo.right) < size
  if (!square || !plain || !padded || inChannels % 8 !== 0 || outChannels % 8 !== 0) return false
  if (Math.min(inChannels, outChannels) < 32) return false
  const elements = cutAxis(info.outHeight, size).elements * cutAxis(info.outWidth, size).elements
  return (share * info.outHeight * info.outWidth * size * size) / elements >= 1.8
}

interface Layer {
  batch: number
  picture: number
  pictureHeight: number
  pictureWidth: number
  channels: number
  picturePixel: number
  map: number
  mapHeight: number
  mapWidth: number
  maps: number
  mapPixel: number
  filter: number
  filterRow: number
  filterSize: number
  padTop: number
  padLeft: number
  start: number
  activation: number
  /** As in {@link cutAxis}. */
  fine?: boolean
}

function parameters(layer: Layer): Parameters {
  const { batch, fine, ...rest } = layer
  const down = cutAxis(layer.mapHeight, layer.filterSize, fine)
  const across = cutAxis(layer.mapWidth, layer.filterSize, fine)
  const blocks = Math.ceil(layer.channels / ROW_STRIDE)
  const zeroBytes = Math.ceil((Math.max(layer.channels, layer.maps) * 4 + 32) / 64) * 64
  return {
    ...rest,
    transformed: 0,
    tilesDown: down.tiles,
    tilesAcross: across.tiles,
    down7: down.with7,
    down8: down.with8,
    across7: across.with7,
    across8: across.with8,
    tile0: 0,
    tiles: batch * down.tiles * across.tiles,
    taskTiles: TASK_TILES,
    taskMaps: layer.maps,
    blockChannels: Math.ceil(layer.channels / blocks / 8) * 8,
    pictureTiles: 0,
    mapTiles: 0,
    scratch: 0,
    scratchBytes: LINE_BYTES + zeroBytes,
    zeroBytes,
  }
}

/** Planes that the tiles have: one more than the last one's number in winograd.as. */
function planesOf({ down7, down8, across7, across8 }: Parameters): number {
  return down8 + across8 > 0 ? 64 : down7 + across7 > 0 ? 49 : 36
}

/** Which sides tiles have: a filter's transform is for these alone, and pictures of other sizes have others. */
function sidesOf({ down7, down8, across7, across8 }: Parameters): string {
  return [down7, down8, across7, across8].map((tiles) => (tiles > 0 ? 1 : 0)).join('')
}

/** Bytes of planes of so many rows. */
function planesBytes(rows: number, floats: number, planes = 64): number {
  return planes * (rows * floats * 4 + PLANE_GAP)
}

/** A filter's tensor and what of it is transformed: one of its groups, or all of it by phases. */
export interface Kept {
  filter: tf.TensorInfo
  part: string
}

/**
 * map = activation(start + picture * filter).
 * @param kept if the filter's transform is to be kept with it
 */
function convolve(backend: AlexNetCpuBackend, layer: Layer, kept?: Kept): void {
  const { engine } = backend
  const p = parameters(layer)
  const { channels, maps } = layer
  const shared = p.tiles <= SHARED_TILES
  p.taskTiles = shared ? p.tiles : Math.ceil(p.tiles / Math.ceil(p.tiles / TASK_TILES))
  if (shared) p.taskMaps = Math.max(16, Math.ceil(maps / 64) * 8)
  const blocks = Math.ceil(channels / p.blockChannels)
  const pictureBytes = blocks * planesBytes(p.taskTiles, ROW_STRIDE)
  const productBytes = planesBytes(p.taskTiles, p.taskMaps)
  p.scratchBytes += productBytes + (shared ? 0 : pictureBytes)
  const bytes = planesBytes(channels, maps, planesOf(p))
  const transform = (address: number) => {
    const values = { ...p, transformed: address, scratch: engine.scratch(p.scratchBytes) }
    engine.run('winogradFilter', winogradParameters, values, maps / 8)
  }
  const kind = 'transformed filter'
  p.transformed = kept
    ? backend.prepared(kept.filter, `${kind} ${kept.part} for ${sidesOf(p)}`, bytes, transform)
    : engine.memory.allocate(bytes, () => `convolution: its ${kind}`)
  try {
    if (!kept) transform(p.transformed)
    if (shared) {
      p.pictureTiles = engine.memory.allocate(pictureBytes, () => 'convolution: its tiles')
      p.scratch = engine.scratch(p.scratchBytes)
      engine.run('winogradPicture', winogradParameters, p, p.tiles)
    }
    p.scratch = engine.scratch(p.scratchBytes)
    const tileTasks = Math.ceil(p.tiles / p.taskTiles)
    engine.run('winogradMaps', winogradParameters, p, tileTasks * Math.ceil(maps / p.taskMaps))
  } finally {
    if (p.pictureTiles) engine.memory.free(p.pictureTiles)
    if (!kept) engine.memory.free(p.transformed)
  }
}

/** Geometry of one group's convolution; addresses are those of its first channel and map. */
function sides(info: Convolution, groups: number) {
  return {
    batch: info.batchSize,
    pictureHeight: info.inHeight,
    pictureWidth: info.inWidth,
    channels: info.inChannels / groups,
    picturePixel: info.inChannels,
    mapHeight: info.outHeight,
    mapWidth: info.outWidth,
    maps: info.outChannels / groups,
    mapPixel: info.outChannels,
    filterRow: info.outChannels,
    filterSize: info.filterHeight,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
    start: 0,
    activation: 0,
  }
}

/** A group's part of a convolution's operands, by their addresses. */
export interface GroupOperands {
  picture: number
  filter: number
  map: number
}

export function winogradForward(
  backend: AlexNetCpuBackend,
  info: Convolution,
  groups: number,
  operands: GroupOperands & { start: number; activation: number; fine?: boolean },
  kept?: Kept,
): void {
  convolve(backend, { ...sides(info, groups), ...operands }, kept)
}

/** The gradient of the input: a convolution of the map's gradient with the turned filter. */
export function winogradInputGradient(
  backend: AlexNetCpuBackend,
  info: Convolution,
  groups: number,
  operands: GroupOperands,
): void {
  const { engine } = backend
  const forward = parameters({ ...sides(info, groups), ...operands })
  const { filterSize: size, channels, maps } = forward
  const turned = engine.memory.allocate(
    size * size * channels * maps * 4,
    () => 'convolution gradient: its turned filter',
  )
  try {
    engine.run('turnFilter', winogradParameters, { ...forward, transformed: turned }, size * size)
    convolve(backend, {
      batch: info.batchSize,
      picture: operands.map,
      pictureHeight: info.outHeight,
      pictureWidth: info.outWidth,
      channels: maps,
      picturePixel: info.outChannels,
      map: operands.picture,
      mapHeight: info.inHeight,
      mapWidth: info.inWidth,
      maps: channels,
      mapPixel: info.inChannels,
      filter: turned,
      filterRow: channels,
      filterSize: size,
      padTop: size - 1 - info.padInfo.top,
      padLeft: size - 1 - info.padInfo.left,
      start: 0,
      activation: 0,
    })
  } finally {
    engine.memory.free(turned)
  }
}

/** The gradient of the filter, over chunks of tiles. */
export function winogradFilterGradient(
  backend: AlexNetCpuBackend,
  info: Convolution,
  groups: number,
  operands: GroupOperands,
): void {
  const { engine } = backend
  const p = parameters({ ...sides(info, groups), ...operands })
  const { channels, maps, tiles: allTiles } = p
  const planes = planesOf(p)
  const tileBytes = planes * (channels + maps) * 4
  const chunk = Math.min(allTiles, Math.max(64, Math.floor(CHUNK_BYTES / tileBytes)))
  const purpose = () => 'convolution gradient: its transformed tiles'
  const tiles = engine.memory.allocate(
    planesBytes(chunk, channels, planes) + planesBytes(chunk, maps, planes),
    purpose,
  )
  let transformed = 0
  try {
    transformed = engine.memory.allocate(planesBytes(channels, maps, planes), purpose)
    p.transformed = transformed
    for (p.tile0 = 0; p.tile0 < allTiles; p.tile0 += chunk) {
      p.tiles = Math.min(chunk, allTiles - p.tile0)
      p.pictureTiles = tiles
      p.mapTiles = tiles + planesBytes(p.tiles, channels, planes)
      p.scratch = engine.scratch(p.scratchBytes)
      engine.run('winogradGradientTiles', winogradParameters, p, p.tiles)
      multiplyPlanes(engine, p)
    }
    p.scratch = engine.scratch(p.scratchBytes)
    engine.run('winogradFilterGradient', winogradParameters, p, channels)
  } finally {
    engine.memory.free(tiles)
    if (transformed) engine.memory.free(transformed)
  }
}

/** Planes of each pair of classes (down, across), in the order of winograd.as. */
const planeClasses: readonly [planes: number, down: number, across: number][] = [
  [36, 0, 0],
  [6, 0, 1],
  [6, 1, 0],
  [1, 1, 1],
  [6, 0, 2],
  [6, 2, 0],
  [1, 1, 2],
  [1, 2, 1],
  [1, 2, 2],
]

/** Tiles before `tile` that have elements of both classes; rowOf in winograd.as. */
function rowsBefore(p: Parameters, tile: number, down: number, across: number): number {
  const x = tile % p.tilesAcross
  const y = Math.floor(tile / p.tilesAcross) % p.tilesDown
  const picture = Math.floor(tile / (p.tilesAcross * p.tilesDown))
  const rows = [p.tilesDown, p.down7, p.down8][down]!
  const columns = [p.tilesAcross, p.across7, p.across8][across]!
  return (picture * rows + Math.min(y, rows)) * columns + (y < rows ? Math.min(x, columns) : 0)
}

/** dU = or += Vᵀ · (A dY Aᵀ) of the chunk's tiles, a product for each run of planes of as many rows. */
function multiplyPlanes(engine: Engine, p: Parameters): void {
  const { channels, maps } = p
  const gap = PLANE_GAP / 4
  const [leftBatch, rightBatch] = [p.tiles * channels + gap, p.tiles * maps + gap]
  const resultBatch = channels * maps + gap
  let first = 0
  let run = { planes: 0, rows: -1 }
  const flush = () => {
    if (run.planes === 0) return
    const product = {
      left: p.pictureTiles + first * leftBatch * 4,
      right: p.mapTiles + first * rightBatch * 4,
      result: p.transformed + first * resultBatch * 4,
      start: 0,
      leftKind: LEFT_TRANSPOSED,
      rightKind: RIGHT_ROWS,
      leftStride: channels,
      rightStride: maps,
      resultStride: maps,
      rows: channels,
      columns: maps,
      depth: run.rows,
      activation: 0,
      accumulate: p.tile0 === 0 ? 0 : 1,
    }
    if (run.rows > 0) {
      multiply(engine, { ...product, leftBatch, rightBatch, resultBatch }, run.planes)
    } else if (p.tile0 === 0) {
      engine.memory.floats(product.result, run.planes * resultBatch).fill(0)
    }
    first += run.planes
  }
  for (const [planes, down, across] of planeClasses.slice(0, classCount(p))) {
    const end = p.tile0 + p.tiles
    const rows = rowsBefore(p, end, down, across) - rowsBefore(p, p.tile0, down, across)
    if (rows === run.rows) {
      run.planes += planes
    } else {
      flush()
      run = { planes, rows }
    }
  }
  flush()
}

function classCount(p: Parameters): number {
  const planes = planesOf(p)
  return planes === 64 ? 9 : planes === 49 ? 4 : 1
}
