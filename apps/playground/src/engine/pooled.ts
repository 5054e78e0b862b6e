// What a unit of a pool takes its value from: its window in the map before, and the largest place of it.
import { channelOf, colorize, featureMapsWithout } from '@alexnet/core/explain'
import { AveragePooling, MaxPooling } from '@alexnet/core/layers'
import type { LayersModel } from '@tensorflow/tfjs'
import { toPixels } from './decode.ts'
import type { Part, PoolWindow } from './protocol.ts'

/** @returns undefined for a layer that is no pool of windows, or has no map before it */
export async function poolWindow(
  network: LayersModel,
  input: Float32Array,
  name: string,
  { row, column, channel }: { row: number; column: number; channel: number },
  parts: readonly Part[],
): Promise<PoolWindow | undefined> {
  const index = network.layers.findIndex((one) => one.name === name)
  const [before, layer] = [network.layers[index - 1], network.layers[index]]
  const isMax = layer instanceof MaxPooling
  if (!(isMax || layer instanceof AveragePooling)) return undefined
  if (!before || before.getClassName() === 'InputLayer') return undefined
  const map = channelOf(await featureMapsWithout(network, input, before.name, parts), channel)
  const [vertical, horizontal] = layer.axes()
  // What lies past the border takes no part in a maximum, and is not drawn.
  const [top, bottom] = span(vertical, row, map.height)
  const [left, right] = span(horizontal, column, map.width)
  const window = { top, left, height: bottom - top, width: right - left }
  const values = new Float32Array(window.height * window.width)
  for (let place = 0; place < values.length; place++) {
    const y = top + Math.floor(place / window.width)
    values[place] = map.data[y * map.width + left + (place % window.width)]!
  }
  const most = values.reduce((best, value, at) => (value > values[best]! ? at : best), 0)
  const [low, high] = map.data.reduce(
    ([least, largest], value) => [Math.min(least!, value), Math.max(largest!, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  )
  // One scale for the map and its part.
  const draw = (height: number, width: number, data: Float32Array) =>
    toPixels(colorize({ height, width, data }, { colors: 'viridis', limits: [low!, high!] }))
  return {
    seen: { pixels: draw(map.height, map.width, map.data), window },
    patch: draw(window.height, window.width, values),
    winner: isMax
      ? {
          row: Math.floor(most / window.width),
          column: most % window.width,
          value: values[most]!,
        }
      : undefined,
  }
}

/** The places of a map that a window holds along an axis. */
function span(
  axis: { size: number; stride: number; before: number; after: number },
  at: number,
  length: number,
): [start: number, end: number] {
  const start = at * axis.stride - axis.before
  return [Math.max(0, start), Math.min(length + Math.min(axis.after, 0), start + axis.size)]
}
