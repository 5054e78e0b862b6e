// What the page shows of the inside of a network, as pixels and lists.
import {
  channelOf,
  channelSum,
  colorize,
  colorsOf,
  describe,
  featureMapsWithout,
  filterMap,
  filtersOf,
  gradCam,
  guidedBackprop,
  integratedGradients,
  occlusion,
  outline,
  overlay,
  receptiveField,
  resizeMap,
  sheet,
  switchableLayers,
  switchOff,
  unprepared,
} from '@alexnet/core'
import { createPreprocess, type Picture, type Preprocessing, subtractedMean } from '@alexnet/data'
import type { LayersModel } from '@tensorflow/tfjs'
import { toPixels } from './decode.ts'
import type { LoadedModel } from './models.ts'
import type {
  HeatMethod,
  LayerInfo,
  MapSheet,
  OnProgress,
  Part,
  Pixels,
  Prediction,
  SwitchOffView,
  UnitView,
} from './protocol.ts'

/** Pixels a side that heat maps are drawn with, about. */
const SHOWN = 336
/** Maps and filters that one sheet holds. */
const MOST_TILES = 256

export function layersOf(model: LayersModel): LayerInfo[] {
  const switchable = new Set(switchableLayers(model))
  return describe(model).layers.map(({ outputShape, stride: _, ...layer }) => ({
    ...layer,
    shape: outputShape,
    switchable: switchable.has(layer.name),
    hasFilters: layer.kind === 'convolution',
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
      channels,
      values: maps.data as Float32Array<ArrayBuffer>,
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
    channels: count,
    values: maps.data as Float32Array<ArrayBuffer>,
  }
}

export async function unitView(
  { model, preprocessing }: LoadedModel,
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
  const isConvolution = describe(model).layers.some(
    ({ name, kind }) => name === layer && kind === 'convolution',
  )
  return {
    value: maps.data[(row * maps.width + column) * maps.channels + channel]!,
    field,
    framed: toPixels(outline(large, frame, { thickness: 3 })),
    patch: toPixels(cut(picture, field)),
    ...(isConvolution && { filter: toPixels(await oneFilter(model, layer, channel)) }),
  }
}

function cut(
  picture: Picture,
  { top, left, height, width }: { top: number; left: number; height: number; width: number },
): Picture {
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * picture.width + left) * 3
    data.set(picture.data.subarray(from, from + width * 3), y * width * 3)
  }
  return { width, height, data }
}

/** A filter in colours where it sees colours, otherwise its channels side by side. */
async function oneFilter(model: LayersModel, layer: string, channel: number): Promise<Picture> {
  const map = filterMap(await filtersOf(model, layer), channel)
  if (map.channels === 3) return colorsOf(map)
  const largest = map.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const planes = Array.from({ length: Math.min(map.channels, 64) }, (_, index) =>
    colorize(channelOf(map, index), { colors: 'red-blue', limits: [-largest, largest] }),
  )
  return sheet(planes, { background: 128 })
}

export async function filterSheet(model: LayersModel, layer: string): Promise<Pixels> {
  const { count, channels } = await filtersOf(model, layer)
  const shown = Math.min(count, channels === 3 ? MOST_TILES : 24)
  const tiles: Picture[] = []
  for (let index = 0; index < shown; index++) tiles.push(await oneFilter(model, layer, index))
  return toPixels(sheet(tiles, { background: 128, columns: Math.ceil(Math.sqrt(shown * 1.6)) }))
}

export const seen = ({ preprocessing }: LoadedModel, input: Float32Array): Pixels =>
  toPixels(asPrepared(preprocessing, input))

/** The picture that the network was given, its preparation undone. */
function asPrepared(preprocessing: Preprocessing, data: Float32Array): Picture {
  const { crop, std } = preprocessing
  return unprepared(
    { height: crop, width: crop, data },
    { mean: subtractedMean(preprocessing), std },
  )
}

export async function heat(
  { model, preprocessing }: LoadedModel,
  { input, picture }: { input: Float32Array; picture: Picture },
  method: HeatMethod,
  target: number,
  onProgress?: OnProgress,
): Promise<Pixels> {
  const zoom = Math.max(1, Math.round(SHOWN / preprocessing.crop))
  const side = preprocessing.crop * zoom
  if (method === 'guided-backprop') {
    const found = await guidedBackprop(model, input, { target })
    return toPixels(sheet([colorsOf(found)], { scale: zoom, gap: 0 }))
  }
  if (method === 'integrated-gradients') {
    const found = await integratedGradients(model, input, { target, steps: 32 })
    return toPixels(colorize(resizeMap(channelSum(found), side, side), { colors: 'red-blue' }))
  }
  const map =
    method === 'occlusion'
      ? await occlusion(model, input, { target, ...(onProgress && { onProgress }) })
      : await gradCam(model, input, { target, ...placesOf(model) })
  // The same part of the picture, in as many pixels as there are to show.
  const shown = createPreprocess({
    ...preprocessing,
    resize: preprocessing.resize * zoom,
    crop: side,
    mean: [0, 0, 0],
    std: [1, 1, 1],
  })(picture)
  const data = Uint8Array.from(shown, (value) => Math.round(value * 255))
  const view = { width: side, height: side, data }
  return toPixels(overlay(view, resizeMap(map, side, side)))
}

/**
 * The layer that Grad-CAM looks at, where its own choice will not do: the last convolution of LeNet-5 gives
 * maps of a single place.
 */
function placesOf(model: LayersModel): { layer?: string } {
  const { layers } = describe(model)
  const sideOf = ({ outputShape }: (typeof layers)[number]) =>
    outputShape.length === 3 ? outputShape[0]! : 0
  const last = layers.findLast(({ kind }) => kind === 'convolution')
  if (!last || sideOf(last) > 1) return {}
  const layer = layers.findLast((candidate) => sideOf(candidate) > 1)?.name
  return layer ? { layer } : {}
}

export async function switchedOff(
  model: LayersModel,
  labels: readonly string[],
  input: Float32Array,
  parts: readonly Part[],
): Promise<SwitchOffView> {
  const { whole, without } = await switchOff(model, input, parts)
  return {
    whole: likeliest(softmax(whole), labels, 5),
    without: likeliest(softmax(without), labels, 5),
  }
}

function softmax(logits: Float32Array): Float32Array {
  const highest = Math.max(...logits)
  const exponentials = logits.map((logit) => Math.exp(logit - highest))
  const total = exponentials.reduce((sum, value) => sum + value, 0)
  return exponentials.map((value) => value / total)
}

export function likeliest(
  probabilities: Float32Array,
  labels: readonly string[],
  count: number,
): Prediction[] {
  return Array.from(probabilities, (probability, index) => ({
    index,
    label: labels[index] ?? `class ${index}`,
    probability,
  }))
    .sort((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, count)
}
