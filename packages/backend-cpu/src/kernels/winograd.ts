// When and how a convolution runs by Winograd's minimal filtering; the method is in winograd.as. It covers
// 3×3 and 5×5 filters with stride 1 whose channels come in eights, forward and both gradients, and costs
// a little accuracy: errors of a few 1e-6 of the largest value, against some 1e-7 of the direct product.

import type * as tf from '@tensorflow/tfjs'
import type { AlexNetCpuBackend } from '../backend.ts'
import {
  LEFT_TRANSPOSED,
  PLANE_GAP,
  RIGHT_ROWS,
  ROW_STRIDE,
  winogradParameters,
} from '../generated/layout.ts'
import type { StructValues } from '../module.ts'
import { multiply } from './matrix-product.ts'

type Convolution = tf.backend_util.Conv2DInfo
type Parameters = StructValues<typeof winogradParameters>

const elements = 36
/**
 * Tiles of a forward task: their transforms and products are about 3 MB. Eight full rows of the register
 * kernel; equal tasks of 32 were 8 % slower.
 */
const taskTiles = 48
/** Bytes of the transformed tiles that the filter gradient keeps at a time. */
const chunkBytes = 48e6

/** Whether Winograd's method covers a convolution and saves enough multiplications to pay. */
export function winogradPays(info: Convolution): boolean {
  const { filterHeight: size, inChannels, outChannels, padInfo } = info
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
  const side = size === 3 ? 4 : 2
  const tiles = Math.ceil(info.outHeight / side) * Math.ceil(info.outWidth / side)
  const saved = (info.outHeight * info.outWidth * size * size) / (tiles * elements)
  return saved >= 1.8
}

interface Layer {
  batch: number
  picture: number
  pictureHeight: number
  pictureWidth: number
  channels: number
  map: number
  mapHeight: number
  mapWidth: number
  maps: number
  filter: number
  filterSize: number
  padTop: number
  padLeft: number
  start: number
  activation: number
}

function parameters(layer: Layer): Parameters {
  const tileSize = layer.filterSize === 3 ? 4 : 2
  const tilesDown = Math.ceil(layer.mapHeight / tileSize)
  const tilesAcross = Math.ceil(layer.mapWidth / tileSize)
  const blocks = Math.ceil(layer.channels / ROW_STRIDE)
  const { batch, ...rest } = layer
  return {
    ...rest,
    transformed: 0,
    tileSize,
    tilesDown,
    tilesAcross,
    tile0: 0,
    tiles: batch * tilesDown * tilesAcross,
    taskTiles,
    taskMaps: layer.maps,
    blockChannels: Math.ceil(layer.channels / blocks / 4) * 4,
    pictureTiles: 0,
    mapTiles: 0,
    scratch: 0,
    scratchBytes: 0,
  }
}

/**
 * map = activation(start + picture * filter).
 * @param kept the filter's tensor, if its transform is to be kept with it
 */
function convolve(backend: AlexNetCpuBackend, layer: Layer, kept?: tf.TensorInfo): void {
  const { engine } = backend
  const p = parameters(layer)
  const { channels, maps } = layer
  // Few tiles (one picture): cut the maps too, so that there are tasks for several threads.
  const tileTasks = Math.ceil(p.tiles / taskTiles)
  if (tileTasks < 8) {
    p.taskMaps = Math.max(32, Math.ceil(maps / Math.ceil(8 / tileTasks) / 8) * 8)
  }
  const blocks = Math.ceil(channels / p.blockChannels)
  const tiles = Math.min(taskTiles, p.tiles)
  p.scratchBytes =
    1024 + elements * (tiles * (blocks * ROW_STRIDE + p.taskMaps) * 4 + (blocks + 1) * PLANE_GAP)
  const bytes = elements * (channels * maps * 4 + PLANE_GAP)
  const transform = (address: number) => {
    const scratch = engine.scratch(p.scratchBytes)
    const values = { ...p, transformed: address, scratch }
    engine.run('winogradFilter', winogradParameters, values, maps / 8)
  }
  const kind = 'transformed filter'
  p.transformed = kept
    ? backend.prepared(kept, kind, bytes, transform)
    : engine.memory.allocate(bytes, () => `convolution: its ${kind}`)
  try {
    if (!kept) transform(p.transformed)
    p.scratch = engine.scratch(p.scratchBytes)
    engine.run('winogradMaps', winogradParameters, p, tileTasks * Math.ceil(maps / p.taskMaps))
  } finally {
    if (!kept) engine.memory.free(p.transformed)
  }
}

function sides(info: Convolution) {
  return {
    batch: info.batchSize,
    pictureHeight: info.inHeight,
    pictureWidth: info.inWidth,
    channels: info.inChannels,
    mapHeight: info.outHeight,
    mapWidth: info.outWidth,
    maps: info.outChannels,
    filterSize: info.filterHeight,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
    start: 0,
    activation: 0,
  }
}

export function winogradForward(
  backend: AlexNetCpuBackend,
  info: Convolution,
  operands: { picture: number; filter: number; map: number; start: number; activation: number },
  kept?: tf.TensorInfo,
): void {
  convolve(backend, { ...sides(info), ...operands }, kept)
}

/** The gradient of the input: a convolution of the map's gradient with the turned filter. */
export function winogradInputGradient(
  backend: AlexNetCpuBackend,
  info: Convolution,
  { map, filter, picture }: { map: number; filter: number; picture: number },
): void {
  const { engine } = backend
  const forward = parameters({ ...sides(info), picture, map, filter })
  const size = info.filterHeight
  const turned = engine.memory.allocate(
    size * size * info.inChannels * info.outChannels * 4,
    () => 'convolution gradient: its turned filter',
  )
  try {
    engine.run('turnFilter', winogradParameters, { ...forward, transformed: turned }, size * size)
    convolve(backend, {
      batch: info.batchSize,
      picture: map,
      pictureHeight: info.outHeight,
      pictureWidth: info.outWidth,
      channels: info.outChannels,
      map: picture,
      mapHeight: info.inHeight,
      mapWidth: info.inWidth,
      maps: info.inChannels,
      filter: turned,
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
  { picture, map, filter }: { picture: number; map: number; filter: number },
): void {
  const { engine } = backend
  const { inChannels: channels, outChannels: maps } = info
  const p = parameters({ ...sides(info), picture, map, filter })
  const allTiles = p.tiles
  const tileBytes = elements * (channels + maps) * 4
  const chunk = Math.min(allTiles, Math.max(64, Math.floor(chunkBytes / tileBytes)))
  const purpose = () => 'convolution gradient: its transformed tiles'
  const tiles = engine.memory.allocate(chunk * tileBytes + 2 * elements * PLANE_GAP, purpose)
  const gap = PLANE_GAP / 4
  let transformed = 0
  try {
    transformed = engine.memory.allocate(elements * (channels * maps * 4 + PLANE_GAP), purpose)
    p.transformed = transformed
    for (p.tile0 = 0; p.tile0 < allTiles; p.tile0 += chunk) {
      p.tiles = Math.min(chunk, allTiles - p.tile0)
      p.pictureTiles = tiles
      p.mapTiles = tiles + elements * (p.tiles * channels * 4 + PLANE_GAP)
      p.scratchBytes = 2048
      p.scratch = engine.scratch(p.scratchBytes)
      engine.run('winogradGradientTiles', winogradParameters, p, p.tiles)
      const product = {
        left: p.pictureTiles,
        right: p.mapTiles,
        result: transformed,
        start: 0,
        leftKind: LEFT_TRANSPOSED,
        rightKind: RIGHT_ROWS,
        leftStride: channels,
        rightStride: maps,
        resultStride: maps,
        rows: channels,
        columns: maps,
        depth: p.tiles,
        activation: 0,
        leftBatch: p.tiles * channels + gap,
        rightBatch: p.tiles * maps + gap,
        resultBatch: channels * maps + gap,
        accumulate: p.tile0 === 0 ? 0 : 1,
      }
      multiply(engine, product, elements)
    }
    p.scratch = engine.scratch(p.scratchBytes)
    engine.run('winogradFilterGradient', winogradParameters, p, channels)
  } finally {
    engine.memory.free(tiles)
    if (transformed) engine.memory.free(transformed)
  }
}
