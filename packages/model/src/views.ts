// What a network sees, as pictures: the part of a picture that reaches it, its prepared input, its filters.

import {
  channelOf,
  colorize,
  colorsOf,
  filterMap,
  filtersOf,
  sheet,
  unprepared,
} from '@alexnet/core/explain'
import { createPreprocess, type Picture, type Preprocessing, subtractedMean } from '@alexnet/data'
import type { LayersModel } from '@tensorflow/tfjs'
import type { ExplainedModel } from './explanation.ts'
import { asDataset, type PictureInput } from './pictures.ts'

/**
 * A picture as the network gets it, and the same part of it in as many pixels as there are to show: a multiple of
 * the network's input, `side` at least.
 */
export async function viewOf(
  { preprocessing }: Pick<ExplainedModel, 'preprocessing'>,
  input: PictureInput,
  side = 448,
): Promise<{ input: Float32Array; view: Picture }> {
  const picture = await (await asDataset([input])).load(0)
  const { crop, resize } = preprocessing
  const zoom = Math.ceil(side / crop)
  const size = crop * zoom
  const shown = createPreprocess({
    resize: resize * zoom,
    crop: size,
    interpolation: preprocessing.interpolation,
    mean: [0, 0, 0],
    std: [1, 1, 1],
  })(picture)
  const data = Uint8Array.from(shown, (value) => Math.round(value * 255))
  return {
    input: createPreprocess(preprocessing)(picture),
    view: { width: size, height: size, data },
  }
}

/** The picture as it was prepared, a pixel a pixel. */
export function asPrepared(preprocessing: Preprocessing, data: Float32Array): Picture {
  const { crop, std } = preprocessing
  return unprepared(
    { height: crop, width: crop, data },
    { mean: subtractedMean(preprocessing), std },
  )
}

/** A filter of a layer in colours where it sees colours, otherwise its channels side by side. */
export async function oneFilter(
  network: LayersModel,
  layer: string,
  channel: number,
): Promise<Picture> {
  const map = filterMap(await filtersOf(network, layer), channel)
  if (map.channels === 3) return colorsOf(map)
  const largest = map.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const planes = Array.from({ length: Math.min(map.channels, 64) }, (_, index) =>
    colorize(channelOf(map, index), { colors: 'red-blue', limits: [-largest, largest] }),
  )
  return sheet(planes, { background: 128 })
}

/** A field of a picture on a square of `side` pixels, black where the picture ends. */
export function cut(
  picture: Picture,
  { top, left, height, width }: { top: number; left: number; height: number; width: number },
  side: number,
): Picture {
  const data = new Uint8Array(side * side * 3)
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * picture.width + left) * 3
    data.set(picture.data.subarray(from, from + width * 3), y * side * 3)
  }
  return { width: side, height: side, data }
}
