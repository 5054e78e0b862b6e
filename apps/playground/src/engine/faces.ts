// The layers of the network as the drawing of it has them: of each its most varied map for the picture, and the nine of them
// that a closer look shows; a strip of its units where it has no maps.
import {
  type ChannelMap,
  channelOf,
  colorize,
  featureMapsWithout,
  sheet,
} from '@alexnet/core/explain'
import type { LayersModel } from '@tensorflow/tfjs'
import { toPixels } from './decode.ts'
import type { LayerFace, Part } from './protocol.ts'

/** Maps of a preview, and how many stand in a row. */
const MOST = 9
const COLUMNS = 3
/** Rows of a strip of units. */
const STRIP = 64

export async function layerFaces(
  network: LayersModel,
  input: Float32Array,
  parts: readonly Part[],
): Promise<LayerFace[]> {
  const faces: LayerFace[] = []
  for (const { name } of network.layers.filter((one) => one.getClassName() !== 'InputLayer')) {
    // One by one: other calls are answered in between.
    const maps = await featureMapsWithout(network, input, name, parts)
    const isLine = maps.height === 1 && maps.width === 1
    const tiles = (
      isLine ? [stripOf(maps)] : mostVaried(maps, MOST).map((at) => channelOf(maps, at))
    ).map((map) => colorize(map, { colors: 'viridis' }))
    faces.push({
      name,
      face: toPixels(tiles[0]!),
      preview: toPixels(isLine ? tiles[0]! : sheet(tiles, { columns: COLUMNS, background: 128 })),
      isLine,
    })
  }
  return faces
}

/** The channels whose values differ most over their map, by their variance; the first of them first. */
export function mostVaried({ height, width, channels, data }: ChannelMap, count: number): number[] {
  const places = height * width
  const variances = Array.from({ length: channels }, (_, channel) => {
    let [sum, squares] = [0, 0]
    for (let place = 0; place < places; place++) {
      const value = data[place * channels + channel]!
      sum += value
      squares += value * value
    }
    return squares / places - (sum / places) ** 2
  })
  return [...variances.keys()].sort((a, b) => variances[b]! - variances[a]!).slice(0, count)
}

/** Units column by column; the places that are left over have the least value. */
function stripOf({ channels, data }: ChannelMap) {
  const height = Math.min(STRIP, channels)
  const width = Math.ceil(channels / height)
  const filled = new Float32Array(height * width).fill(Math.min(...data))
  for (const [unit, value] of data.entries()) {
    filled[(unit % height) * width + Math.floor(unit / height)] = value
  }
  return { height, width, data: filled }
}
