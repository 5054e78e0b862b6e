// What the page shows of the inside of a network, as pixels and lists.
import { describeModel } from '@alexnet/core'
import {
  channelOf,
  colorize,
  featureMapsWithout,
  filtersOf,
  outline,
  receptiveField,
  sheet,
  switchableLayers,
  switchOff,
} from '@alexnet/core/explain'
import type { Picture } from '@alexnet/data'
import { asPrepared, likeliest, type Model, oneFilter } from '@alexnet/model'
import type { LayersModel } from '@tensorflow/tfjs'
import { toPixels } from './decode.ts'
import type {
  HeatMethod,
  LayerInfo,
  MapSheet,
  OnProgress,
  Part,
  Pixels,
  SwitchOffView,
  TileSheet,
  UnitView,
} from './protocol.ts'

/** Pixels a side that heat maps are drawn with, about. */
const SHOWN = 336
/** Maps and filters that one sheet holds. */
const MOST_TILES = 256

export function layersOf(model: LayersModel): LayerInfo[] {
  const switchable = new Set(switchableLayers(model))
  const { layers } = describeModel(model)
  return layers.map(({ outputShape, stride: _, ...layer }, index) => ({
    ...layer,
    shape: outputShape,
    switchable: switchable.has(layer.name),
    hasFilters: layer.kind === 'convolution',
    isOfClasses: index === layers.length - 1,
  }))
}

export async function mapSheet(
  model: LayersModel,
  input: Float32Array,
  layer: string,
  parts: readonly Part[],
): Promise<MapSheet> {
  const maps = await featureMapsWithout(model, input, layer, parts)
  const { height, width, channels } = maps
  const isLine = height === 1 && width === 1
  if (isLine) {
    // Units without places: one picture, a pixel a unit.
    const columns = Math.ceil(Math.sqrt(channels * 2))
    const rows = Math.ceil(channels / columns)
    const data = new Float32Array(rows * columns)
    data.set(maps.data)
    const picture = colorize({ height: rows, width: columns, data }, { colors: 'viridis' })
    return {
      pixels: toPixels(picture),
      columns,
      tileWidth: 1,
      tileHeight: 1,
      shown: channels,
      isLine,
    }
  }
  const count = Math.min(channels, MOST_TILES)
  const tiles = Array.from({ length: count }, (_, channel) =>
    colorize(channelOf(maps, channel), { colors: 'viridis' }),
  )
  const columns = Math.ceil(Math.sqrt(count * 1.6))
  return {
    pixels: toPixels(sheet(tiles, { columns, background: 128 })),
    columns,
    tileWidth: width,
    tileHeight: height,
    shown: count,
    isLine,
  }
}

export async function unitView(
  { network: model, preprocessing }: Model,
  input: Float32Array,
  layer: string,
  { row, column, channel }: { row: number; column: number; channel: number },
  parts: readonly Part[],
): Promise<UnitView> {
  const maps = await featureMapsWithout(model, input, layer, parts)
  const field = receptiveField(model, layer, { row, column })
  const { crop } = preprocessing
  const picture = asPrepared(preprocessing, input)
  const zoom = Math.max(1, Math.round(SHOWN / crop))
  const large = sheet([picture], { scale: zoom, gap: 0 })
  const frame = {
    top: field.top * zoom,
    left: field.left * zoom,
    height: field.height * zoom,
    width: field.width * zoom,
  }
  const isConvolution = describeModel(model).layers.some(
    ({ name, kind }) => name === layer && kind === 'convolution',
  )
  return {
    value: maps.data[(row * maps.width + column) * maps.channels + channel]!,
    field,
    framed: toPixels(outline(large, frame, { thickness: 3 })),
    patch: toPixels(cut(picture, receptiveField(model, layer, { row, column }, { padding: true }))),
    ...(isConvolution && { filter: toPixels(await oneFilter(model, layer, channel)) }),
    ...(maps.height * maps.width > 1 && {
      map: toPixels(colorize(channelOf(maps, channel), { colors: 'viridis' })),
    }),
  }
}

/** Padding is this grey. */
const PADDING = 128

/** A part of a picture, and of the padding around it. */
export function cut(
  picture: Picture,
  { top, left, height, width }: { top: number; left: number; height: number; width: number },
): Picture {
  const data = new Uint8Array(width * height * 3).fill(PADDING)
  const first = Math.max(0, left)
  const end = Math.min(picture.width, left + width)
  for (let y = Math.max(0, top); y < Math.min(picture.height, top + height); y++) {
    const row = picture.data.subarray(
      (y * picture.width + first) * 3,
      (y * picture.width + end) * 3,
    )
    data.set(row, ((y - top) * width + first - left) * 3)
  }
  return { width, height, data }
}

export async function filterSheet(model: LayersModel, layer: string): Promise<TileSheet> {
  const { count, channels } = await filtersOf(model, layer)
  const shown = Math.min(count, channels === 3 ? MOST_TILES : 24)
  const tiles: Picture[] = []
  for (let index = 0; index < shown; index++) tiles.push(await oneFilter(model, layer, index))
  const columns = Math.ceil(Math.sqrt(shown * 1.6))
  const { width: tileWidth, height: tileHeight } = tiles[0]!
  const pixels = toPixels(sheet(tiles, { background: 128, columns }))
  return { pixels, columns, tileWidth, tileHeight, shown }
}

export const seen = ({ preprocessing }: Model, input: Float32Array): Pixels =>
  toPixels(asPrepared(preprocessing, input))

/** A heat map over the picture, or what a method draws in its place. */
export async function heat(
  model: Model,
  picture: Picture,
  method: HeatMethod,
  target: number,
  onProgress?: OnProgress,
): Promise<Pixels> {
  const found = await model.explain(picture, {
    method,
    target,
    onProgress,
    layout: 'over',
    side: SHOWN,
  })
  return toPixels(found.picture)
}

export async function switchedOff(
  { network, labels }: Model,
  input: Float32Array,
  parts: readonly Part[],
): Promise<SwitchOffView> {
  const { whole, without } = await switchOff(network, input, parts)
  return {
    whole: likeliest([whole], labels, 5, 0),
    without: likeliest([without], labels, 5, 0),
  }
}
