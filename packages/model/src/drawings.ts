// How each method of explanation is drawn: from a model and a picture to numbers and one picture of them, the same
// for the command line, the page and programs.

import { describeModel, featureLayer } from '@alexnet/core'
import {
  type Attribution,
  channelOf,
  channelSum,
  colorize,
  colorsOf,
  featureMaps,
  gradCam,
  guidedBackprop,
  guidedGradCam,
  type HeatMap,
  integratedGradients,
  magnitude,
  nearestNeighbours,
  occlusion,
  outline,
  overlay,
  receptiveField,
  resizeMap,
  saliency,
  sheet,
  topPatches,
  visualizeClass,
} from '@alexnet/core/explain'
import { createPreprocess, type Dataset, type Picture, subset } from '@alexnet/data'
import type { LayersModel } from '@tensorflow/tfjs'
import type { Draw, ExplainOptions, Subject } from './explanation.ts'
import type { ExplainMethod } from './methods.ts'
import { softmax } from './predictions.ts'
import { asPrepared, cut } from './views.ts'

/** Pictures beside one another. */
const beside = (...pictures: readonly Picture[]): Picture =>
  sheet(pictures, { columns: pictures.length, gap: 8 })

/** A map on the picture, as the layout has it. */
function onPicture(view: Picture, map: HeatMap, { colors, layout }: ExplainOptions): Picture {
  const large = resizeMap(map, view.height, view.width)
  if (layout === 'alone') return colorize(large, { colors })
  const over = overlay(view, large, { colors })
  return layout === 'over' ? over : beside(view, over)
}

/** A drawing that hides the picture: beside it, or alone. */
const apart = (view: Picture, drawn: Picture, { layout = 'beside' }: ExplainOptions): Picture =>
  layout === 'beside' ? beside(view, drawn) : drawn

async function explained({ model, input }: Subject, index: number) {
  const [logits] = await model.logits(input)
  return { index, probability: softmax(logits!)[index]! }
}

/** Gradients as colours on grey. */
const asColours =
  (method: (...given: Parameters<typeof saliency>) => Promise<Attribution>): Draw =>
  async (subject, options) => {
    const { network, input, view, target } = subject
    const map = await method(network, input, { target })
    const scale = Math.max(1, Math.round(view.width / map.width))
    const drawn = sheet([colorsOf(clipped(map))], { scale, gap: 0 })
    return {
      map,
      picture: apart(view, drawn, options),
      target: await explained(subject, map.target),
    }
  }

/** Without its few largest numbers, beside which the others could not be seen. */
function clipped(map: Attribution): Attribution {
  const sizes = Float32Array.from(map.data, Math.abs).sort()
  const most = sizes[Math.floor(0.995 * (sizes.length - 1))]!
  return { ...map, data: map.data.map((value) => Math.max(-most, Math.min(most, value))) }
}

/** How each method is drawn. */
export const drawings: Record<ExplainMethod, Draw> = {
  async 'grad-cam'(subject, options) {
    const { network, input, view, target } = subject
    const map = await gradCam(network, input, { target, layer: options.layer })
    return {
      map,
      picture: onPicture(view, map, options),
      target: await explained(subject, map.target),
      layer: map.layer,
    }
  },

  'guided-backprop': asColours(guidedBackprop),
  'guided-grad-cam': asColours(guidedGradCam),

  async saliency(subject, options) {
    const { network, input, view, target } = subject
    const map = await saliency(network, input, { target })
    return {
      map,
      picture: onPicture(view, magnitude(clipped(map)), options),
      target: await explained(subject, map.target),
    }
  },

  async 'integrated-gradients'(subject, options) {
    const { network, input, view, target } = subject
    const map = await integratedGradients(network, input, { target, steps: options.steps })
    const large = resizeMap(channelSum(clipped(map)), view.height, view.width)
    return {
      map,
      picture: apart(view, colorize(large, { colors: 'red-blue' }), options),
      target: await explained(subject, map.target),
    }
  },

  async occlusion(subject, options) {
    const { network, input, view, target } = subject
    const { size, stride, onProgress } = options
    const map = await occlusion(network, input, { target, size, stride, onProgress })
    return {
      map,
      picture: onPicture(view, map, options),
      target: { index: map.target, probability: map.score },
    }
  },

  async 'feature-maps'({ network, input, view }, { layer = firstOf(network), colors = 'viridis' }) {
    const map = await featureMaps(network, input, layer)
    const count = Math.min(map.channels, 256)
    const tiles = Array.from({ length: count }, (_, channel) =>
      colorize(channelOf(map, channel), { colors }),
    )
    const columns = Math.ceil(Math.sqrt(count))
    const scale = Math.max(1, Math.floor(view.width / columns / map.width))
    return { map, picture: sheet(tiles, { columns, scale }), layer }
  },

  async 'receptive-field'({ model, network, view }, { layer = firstOf(network), unit }) {
    const [height, width] = mapSize(network, layer)
    const place = unit ?? { row: height >> 1, column: width >> 1 }
    const field = receptiveField(network, layer, place)
    const zoom = view.width / model.inputSize
    const scaled = {
      top: field.top * zoom,
      left: field.left * zoom,
      height: field.height * zoom,
      width: field.width * zoom,
    }
    return { picture: outline(view, scaled, { thickness: 4 }), layer }
  },

  async neighbours({ model, network, input, view }, options) {
    const { count = 9, onProgress } = options
    const layer = options.layer ?? featureLayer(network)
    const { preprocessing } = model
    const prepare = createPreprocess(preprocessing)
    const pictures = someOf(options)
    const features: Float32Array[] = []
    const each = (async function* () {
      for (let index = 0; index < pictures.length; index++) yield await pictures.load(index)
    })()
    for await (const { data } of model.features(each, { layer })) {
      features.push(data)
      onProgress?.(features.length, pictures.length)
    }
    const [query] = await model.outputs(input, { layer })
    const near = nearestNeighbours(query!.data, features, count)
    const found = await Promise.all(
      near.map(async ({ index }) => asPrepared(preprocessing, prepare(await pictures.load(index)))),
    )
    const scale = Math.max(1, Math.round(view.width / 2 / preprocessing.crop))
    const picture = sheet([asPrepared(preprocessing, input), ...found], {
      columns: 5,
      scale,
      gap: 4,
    })
    return { picture, layer }
  },

  async 'top-patches'({ model, network }, options) {
    const { count = 9, channel, onProgress } = options
    const layer = options.layer ?? lastOf(network)
    const prepare = createPreprocess(model.preprocessing)
    const pictures = someOf(options)
    const inputs = (async function* () {
      for (let i = 0; i < pictures.length; i++) yield prepare(await pictures.load(i))
    })()
    const found = await topPatches(network, inputs, {
      layer,
      count,
      channels: channel === undefined ? undefined : [channel],
      onProgress: (done) => onProgress?.(done, pictures.length),
    })
    const side = Math.max(...found.flat().map(({ field }) => Math.max(field.height, field.width)))
    const tiles: Picture[] = []
    for (const patches of found.slice(0, 32)) {
      for (const { picture, field } of patches) {
        const whole = asPrepared(model.preprocessing, prepare(await pictures.load(picture)))
        tiles.push(cut(whole, field, side))
      }
    }
    const columns = found.length === 1 ? Math.ceil(Math.sqrt(count)) : count
    const scale = Math.max(1, Math.floor(900 / columns / side))
    return { picture: sheet(tiles, { columns, scale, gap: 2 }), layer }
  },

  async 'class-visualization'({ model, network, target }, { steps, onProgress, side = 448 }) {
    const map = await visualizeClass(network, target!, {
      steps,
      onStep: (step, total) => onProgress?.(step, total),
    })
    const scale = Math.max(1, Math.round(side / model.inputSize))
    const picture = sheet([asPrepared(model.preprocessing, map.data)], { scale, gap: 0 })
    return { map, picture, target: { index: map.target } }
  },
}

/** Pictures to look among. */
const someOf = ({ pictures, limit = 1000 }: ExplainOptions): Dataset => evenly(pictures!, limit)

/** At most `limit` pictures, evenly over a data set, whose order may be by class. */
export function evenly(dataset: Dataset, limit: number): Dataset {
  const { length } = dataset
  if (length <= limit) return dataset
  const indices = Array.from({ length: limit }, (_, i) => Math.floor((i * length) / limit))
  return subset(dataset, indices)
}

const convolutions = (network: LayersModel) =>
  describeModel(network).layers.filter(({ kind }) => kind === 'convolution')
/** Names of the first and the last convolution: what is shown where no layer was named. */
const firstOf = (network: LayersModel) => convolutions(network)[0]!.name
const lastOf = (network: LayersModel) => convolutions(network).at(-1)!.name

function mapSize(network: LayersModel, name: string): [number, number] {
  const layer = network.layers.find((candidate) => candidate.name === name)
  const shape = layer ? (layer.outputShape as number[]) : []
  return shape.length === 4 ? [shape[1]!, shape[2]!] : [1, 1]
}
