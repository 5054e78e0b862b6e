// How each method of explanation is drawn: from a model and a picture to numbers and one picture of them, the same
// for the command line, the page and programs.

import { describeModel, featureLayer, OptionError, suggestion } from '@alexnet/core'
import {
  type Attribution,
  type ColorMap,
  channelOf,
  channelSum,
  colorize,
  colorsOf,
  featureMaps,
  filterMap,
  filtersOf,
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
  unprepared,
  visualizeClass,
} from '@alexnet/core/explain'
import {
  createPreprocess,
  type Dataset,
  type Picture,
  type Preprocessing,
  subset,
  subtractedMean,
} from '@alexnet/data'
import type { LayersModel } from '@tensorflow/tfjs'
import { ModelError } from './errors.ts'
import { type ExplainMethod, explainMethods, methodsWithoutPicture } from './methods.ts'
import { asDataset, type PictureInput } from './pictures.ts'
import { softmax } from './predictions.ts'

/** What an explanation needs of a model. */
export interface ExplainedModel {
  readonly network: LayersModel
  readonly labels: readonly string[]
  readonly preprocessing: Preprocessing
  readonly inputSize: number
  logits(inputs: Float32Array): Promise<Float32Array[]>
  outputs(inputs: Float32Array, options: { layer?: string }): Promise<{ data: Float32Array }[]>
  features(
    pictures: AsyncIterable<PictureInput>,
    options: { layer: string },
  ): AsyncIterable<{ data: Float32Array }>
}

export interface ExplainOptions {
  /** Default 'grad-cam'. */
  method?: ExplainMethod
  /** The class that is explained, by number or name. Default the likeliest. */
  target?: number | string
  /** Name of the layer that is looked at. Default: the method's usual one. */
  layer?: string
  /** receptive-field: the unit's place. Default the middle. */
  unit?: { row: number; column: number }
  /** top-patches: one channel alone. Default the first 32. */
  channel?: number
  /** neighbours, top-patches: the pictures to look among. */
  pictures?: Dataset
  /** Of those, at most so many, evenly over the data set. Default 1000. */
  limit?: number
  /** neighbours, top-patches: how many to show. Default 9. */
  count?: number
  /** integrated-gradients, class-visualization: steps. Default: core's. */
  steps?: number
  /** occlusion: pixels a side of the cover, and between its places. Default: core's. */
  size?: number
  stride?: number
  /** Default 'inferno'; maps of a layer 'viridis'. */
  colors?: ColorMap
  /** The drawing beside the picture, over it (maps of heat), or alone. Default 'beside'. */
  layout?: 'beside' | 'over' | 'alone'
  /** Pixels a side of the picture in the drawing, at least. Default 448. */
  side?: number
  /** Told while something long goes on. */
  onProgress?: (done: number, total: number) => void
}

/** Numbers a place, `data[(row * width + column) * channels + channel]`. */
export interface ExplanationMap extends HeatMap {
  channels?: number
}

/** What a method found. */
export interface Explanation {
  method: ExplainMethod
  /** The drawing. */
  picture: Picture
  /** What was found, in the size that the method gives it; none of methods that show pictures. */
  map?: ExplanationMap
  /** The class that was explained, and what the network gives it. */
  target?: { index: number; label: string; probability?: number }
  /** The layer that was looked at. */
  layer?: string
}

/** A model and the picture that it is asked about. */
interface Subject {
  model: ExplainedModel
  network: LayersModel
  /** The prepared picture. */
  input: Float32Array
  /** The part of the picture that the network sees, large enough to look at. */
  view: Picture
  target: number | undefined
}

interface Drawing {
  picture: Picture
  map?: ExplanationMap
  target?: { index: number; probability?: number }
  layer?: string
}

type Draw = (subject: Subject, options: ExplainOptions) => Promise<Drawing>

/** `Model.explain`. */
export async function explain(
  model: ExplainedModel,
  picture: PictureInput | null,
  options: ExplainOptions = {},
): Promise<Explanation> {
  const { method = 'grad-cam', target } = options
  if (!Object.hasOwn(drawings, method)) {
    throw new OptionError(
      `there is no method '${method}': ${suggestion(method, Object.keys(explainMethods))}`,
    )
  }
  if (picture === null && !methodsWithoutPicture.includes(method)) {
    throw new ModelError(`the method '${method}' explains a picture: give one`)
  }
  if ((method === 'neighbours' || method === 'top-patches') && !options.pictures) {
    throw new ModelError(`the method '${method}' needs pictures to look among`)
  }
  const index = typeof target === 'string' ? classNamed(target, model.labels) : target
  if (method === 'class-visualization' && index === undefined) {
    throw new ModelError(`the method '${method}' needs a class (target)`)
  }
  const seen = picture === null ? nothing : await viewOf(model, picture, options.side)
  const subject = { model, network: model.network, ...seen, target: index }
  const { target: explained, ...found } = await drawings[method](subject, options)
  return {
    method,
    ...found,
    ...(explained && { target: { ...explained, label: model.labels[explained.index]! } }),
  }
}

const nothing = {
  input: new Float32Array(0),
  view: { width: 0, height: 0, data: new Uint8Array(0) },
}

/** The number of a class from its name or number. @throws ModelError with the names it may have been */
export function classNamed(text: string, labels: readonly string[]): number {
  const wanted = text.toLowerCase()
  const exact = labels.findIndex((label) => label.toLowerCase() === wanted)
  if (exact >= 0) return exact
  const number = Number(text)
  if (text.trim() !== '' && Number.isInteger(number)) {
    if (number >= 0 && number < labels.length) return number
    throw new ModelError(`there is no class ${text}: the classes are 0 to ${labels.length - 1}`)
  }
  const holding = labels.filter((label) => label.toLowerCase().includes(wanted))
  if (holding.length === 1) return labels.indexOf(holding[0]!)
  const hint =
    holding.length > 1
      ? `did you mean ${holding.slice(0, 5).join(' or ')}?`
      : suggestion(text, labels)
  throw new ModelError(`there is no class '${text}': ${hint}`)
}

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

const drawings: Record<ExplainMethod, Draw> = {
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

/** A field of a picture on a square of `side` pixels, black where the picture ends. */
function cut(
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
