// The sum that a unit of a convolution is: what it sees times its weights, channel by channel, and the bias.
import {
  channelOf,
  colorize,
  featureMapsWithout,
  filterMap,
  filtersOf,
} from '@alexnet/core/explain'
import { Convolution } from '@alexnet/core/layers'
import type { LayersModel } from '@tensorflow/tfjs'
import { toPixels } from './decode.ts'
import type { Part, SumTerm, UnitSum } from './protocol.ts'

/** Channels that are drawn, where there are more. */
const MOST = 4

/** @returns undefined for a layer that is no convolution */
export async function unitSum(
  network: LayersModel,
  input: Float32Array,
  name: string,
  { row, column, channel }: { row: number; column: number; channel: number },
  parts: readonly Part[],
): Promise<UnitSum | undefined> {
  const layer = network.layers.find((one) => one.name === name)
  if (!(layer instanceof Convolution)) return undefined
  const index = network.layers.indexOf(layer)
  const before = network.layers[index - 1]
  const [, height, width, channels] = shapeOf(layer)
  const maps =
    before && before.getClassName() !== 'InputLayer'
      ? await featureMapsWithout(network, input, before.name, parts)
      : { height: height!, width: width!, channels: channels!, data: input }
  const weights = filterMap(await filtersOf(network, name), channel)
  const bias = (await layer.getWeights()[1]!.data())[channel]!
  const [vertical, horizontal] = layer.axes()
  const top = row * vertical.stride - vertical.before
  const left = column * horizontal.stride - horizontal.before
  // In groups a filter sees the channels of its own.
  const first = Math.floor(channel / (layer.filters / layer.groups)) * weights.channels
  const size = weights.height * weights.width
  const all = Array.from({ length: weights.channels }, (_, part) => {
    const [seen, weight, product] = [0, 0, 0].map(() => new Float32Array(size))
    for (let place = 0; place < size; place++) {
      const [y, x] = [top + Math.floor(place / weights.width), left + (place % weights.width)]
      const isInside = y >= 0 && y < maps.height && x >= 0 && x < maps.width
      // Around the picture there are zeros.
      seen![place] = isInside ? maps.data[(y * maps.width + x) * maps.channels + first + part]! : 0
      weight![place] = weights.data[place * weights.channels + part]!
      product![place] = seen![place]! * weight![place]!
    }
    const sum = product!.reduce((total, value) => total + value, 0)
    return { channel: first + part, sum, seen: seen!, weight: weight!, product: product! }
  })
  const isColour = weights.channels === 3 && first === 0 && before?.getClassName() === 'InputLayer'
  const strongest = [...all].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum)).slice(0, MOST)
  const shown = isColour ? all : strongest
  const draw = (key: 'seen' | 'weight' | 'product') => {
    const largest = Math.max(...shown.flatMap((one) => [...one[key]].map(Math.abs)), 1e-12)
    return shown.map((one) => {
      const map = { height: weights.height, width: weights.width, data: one[key] }
      return toPixels(colorize(map, { colors: 'red-blue', limits: [-largest, largest] }))
    })
  }
  // The one that stays while the filter slides: it is the filter's, not the place's.
  const heaviest = all.reduce((most, one) => (weighs(one) > weighs(most) ? one : most)).channel
  const [inputs, filters, products] = [draw('seen'), draw('weight'), draw('product')]
  const terms: SumTerm[] = shown.map(({ channel: of, sum }, at) => ({
    channel: of,
    sum,
    input: inputs![at]!,
    weights: filters![at]!,
    product: products![at]!,
  }))
  const whole = all.reduce((total, { sum }) => total + sum, 0)
  const total = whole + bias
  const next = network.layers[index + 1]?.getConfig().activation
  return {
    terms,
    isColour,
    channels: weights.channels,
    seen: isColour
      ? undefined
      : {
          channel: heaviest,
          pixels: toPixels(colorize(channelOf(maps, heaviest), { colors: 'viridis' })),
          window: { top, left, height: weights.height, width: weights.width },
        },
    others: whole - terms.reduce((part, { sum }) => part + sum, 0),
    bias,
    total,
    relu: next === 'relu' ? Math.max(0, total) : undefined,
  }
}

const weighs = ({ weight }: { weight: Float32Array }) =>
  weight.reduce((total, value) => total + Math.abs(value), 0)

const shapeOf = (layer: Convolution) =>
  (layer.getInputAt(0) as { shape: (number | null)[] }).shape.map((length) => length ?? 0)
