// How each method of `alexnet explain` is drawn: from a loaded model and a prepared picture to one picture.

import {
  type Attribution,
  Classifier,
  type ColorMap,
  channelOf,
  channelSum,
  colorize,
  colorsOf,
  describe,
  featureLayer,
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
  type Picture,
  receptiveField,
  resizeMap,
  saliency,
  sheet,
  switchOff,
  topPatches,
  unprepared,
  visualizeClass,
} from '@alexnet/core'
import { createPreprocess, subset, subtractedMean } from '@alexnet/data'
import type { EngineOptions } from './backend.ts'
import type { Method } from './explain-methods.ts'
import type { LoadedModel } from './model-file.ts'
import { type OnBroken, openPictures, SkippedPictures, soundPictures } from './pictures.ts'
import { UsageError } from './terminal/errors.ts'
import { progress } from './terminal/progress.ts'

export interface ExplainOptions extends EngineOptions {
  method: Method
  out?: string
  weights?: string
  variant?: string
  class?: string
  layer?: string
  unit?: string
  channel?: number
  dataset?: string
  limit: number
  count: number
  steps?: number
  size?: number
  stride?: number
  colors?: ColorMap
  plain?: boolean
  onBroken?: OnBroken
  json?: boolean
}

/** A model and the picture that it is asked about. */
export interface Subject extends LoadedModel {
  /** The prepared picture. */
  input?: Float32Array
  /** The part of the picture that the network sees, large enough to look at. */
  view?: Picture
  target: number | undefined
}

export interface Drawing {
  picture: Picture
  /** The class that was explained, and what the network gives it. */
  explained?: { index: number; probability?: number }
  layer?: string
}

type Draw = (subject: Subject, options: ExplainOptions) => Promise<Drawing>

const withTarget = (target: number | undefined) => (target === undefined ? {} : { target })

/** Pictures beside one another. */
const beside = (pictures: readonly Picture[]): Picture =>
  sheet(pictures, { columns: pictures.length, gap: 8 })

/** The picture beside a map over it, or the map alone. */
function onPicture(view: Picture, map: HeatMap, { colors, plain }: ExplainOptions): Picture {
  const large = resizeMap(map, view.height, view.width)
  const options = { ...(colors && { colors }) }
  return plain ? colorize(large, options) : beside([view, overlay(view, large, options)])
}

async function explained({ model, input }: Subject, index: number) {
  const { whole } = await switchOff(model, input!, [])
  const highest = Math.max(...whole)
  const shares = whole.map((logit) => Math.exp(logit - highest))
  return { index, probability: shares[index]! / shares.reduce((sum, share) => sum + share, 0) }
}

/** Gradients as colours on grey, beside the picture. */
const asColours =
  (method: (...given: Parameters<typeof saliency>) => Promise<Attribution>): Draw =>
  async (subject, { plain = false }) => {
    const { model, input, view, target } = subject
    const found = await method(model, input!, withTarget(target))
    const scale = Math.max(1, Math.round(view!.width / found.width))
    const picture = sheet([colorsOf(clipped(found))], { scale, gap: 0 })
    return {
      picture: plain ? picture : beside([view!, picture]),
      explained: await explained(subject, found.target),
    }
  }

/** Without its few largest numbers, beside which the others could not be seen. */
function clipped(map: Attribution): Attribution {
  const sizes = Float32Array.from(map.data, Math.abs).sort()
  const most = sizes[Math.floor(0.995 * (sizes.length - 1))]!
  return { ...map, data: map.data.map((value) => Math.max(-most, Math.min(most, value))) }
}

/** The picture as it was prepared, a pixel a pixel. */
const asPrepared = ({ preprocessing }: LoadedModel, data: Float32Array): Picture => {
  const { crop, std } = preprocessing
  return unprepared(
    { height: crop, width: crop, data },
    { mean: subtractedMean(preprocessing), std },
  )
}

export const drawings: Record<Method, Draw> = {
  async 'grad-cam'(subject, options) {
    const { model, input, view, target } = subject
    const { layer } = options
    const map = await gradCam(model, input!, { ...withTarget(target), ...(layer && { layer }) })
    return {
      picture: onPicture(view!, map, options),
      explained: await explained(subject, map.target),
      layer: map.layer,
    }
  },

  'guided-backprop': asColours(guidedBackprop),
  'guided-grad-cam': asColours(guidedGradCam),

  async saliency(subject, options) {
    const { model, input, view, target } = subject
    const found = await saliency(model, input!, withTarget(target))
    return {
      picture: onPicture(view!, magnitude(clipped(found)), options),
      explained: await explained(subject, found.target),
    }
  },

  async 'integrated-gradients'(subject, { steps, plain = false }) {
    const { model, input, view, target } = subject
    const found = await integratedGradients(model, input!, {
      ...withTarget(target),
      steps,
    })
    const map = resizeMap(channelSum(clipped(found)), view!.height, view!.width)
    const picture = colorize(map, { colors: 'red-blue' })
    return {
      picture: plain ? picture : beside([view!, picture]),
      explained: await explained(subject, found.target),
    }
  },

  async occlusion(subject, options) {
    const { model, input, view, target } = subject
    const { size, stride, json = false } = options
    let shown: ReturnType<typeof progress> | undefined
    const map = await occlusion(model, input!, {
      ...withTarget(target),
      size,
      stride,
      onProgress: (done, total) => {
        shown ??= progress('occlusion', total, { quiet: json })
        shown.update(done)
      },
    })
    shown?.stop()
    return {
      picture: onPicture(view!, map, options),
      explained: { index: map.target, probability: map.score },
    }
  },

  async 'feature-maps'({ model, input, view }, { layer = first(model), colors = 'viridis' }) {
    const maps = await featureMaps(model, input!, layer)
    const count = Math.min(maps.channels, 256)
    const tiles = Array.from({ length: count }, (_, channel) =>
      colorize(channelOf(maps, channel), { colors }),
    )
    const columns = Math.ceil(Math.sqrt(count))
    const scale = Math.max(1, Math.floor(view!.width / columns / maps.width))
    return { picture: sheet(tiles, { columns, scale }), layer }
  },

  async 'receptive-field'({ model, view, preprocessing }, { layer = first(model), unit }) {
    const [height, width] = mapSize(model, layer)
    const place = unit ? placeOf(unit) : { row: height >> 1, column: width >> 1 }
    const field = receptiveField(model, layer, place)
    const zoom = view!.width / preprocessing.crop
    const scaled = {
      top: field.top * zoom,
      left: field.left * zoom,
      height: field.height * zoom,
      width: field.width * zoom,
    }
    return { picture: outline(view!, scaled, { thickness: 4 }), layer }
  },

  async neighbours(subject, { dataset, limit, count, json = false, layer: named, onBroken }) {
    const { model, input, view, preprocessing } = subject
    const layer = named ?? featureLayer(model)
    const prepare = createPreprocess(preprocessing)
    const classifier = new Classifier({ model, preprocess: prepare })
    const pictures = await someOf(dataset!, limit, onBroken)
    const features: Float32Array[] = []
    const shown = progress('features', pictures.length, { quiet: json })
    for (let index = 0; index < pictures.length; index += 32) {
      const numbers = Array.from(
        { length: Math.min(32, pictures.length - index) },
        (_, i) => index + i,
      )
      const batch = await Promise.all(numbers.map((number) => pictures.load(number)))
      for (const { data } of await classifier.features(batch, { layer })) features.push(data)
      shown.update(features.length)
    }
    shown.stop()
    const same = new Classifier({ model, preprocess: () => input! })
    const query = await same.features({ width: 1, height: 1, data: new Uint8Array(3) }, { layer })
    const near = nearestNeighbours(query.data, features, count)
    const found = await Promise.all(
      near.map(async ({ index }) => asPrepared(subject, prepare(await pictures.load(index)))),
    )
    const scale = Math.max(1, Math.round(view!.width / 2 / preprocessing.crop))
    const tiles = sheet([asPrepared(subject, input!), ...found], { columns: 5, scale, gap: 4 })
    return { picture: tiles, layer }
  },

  async 'top-patches'(
    subject,
    { dataset, limit, count, layer: named, channel, json = false, onBroken },
  ) {
    const { model, preprocessing } = subject
    const layer = named ?? last(model)
    const prepare = createPreprocess(preprocessing)
    const pictures = await someOf(dataset!, limit, onBroken)
    const shown = progress('patches', pictures.length, { quiet: json })
    const channels = channel === undefined ? {} : { channels: [channel] }
    const inputs = (async function* () {
      for (let i = 0; i < pictures.length; i++) yield prepare(await pictures.load(i))
    })()
    const found = await topPatches(model, inputs, {
      layer,
      count,
      ...channels,
      onProgress: (done) => shown.update(done),
    })
    shown.stop()
    const side = Math.max(...found.flat().map(({ field }) => Math.max(field.height, field.width)))
    const tiles: Picture[] = []
    for (const patches of found.slice(0, 32)) {
      for (const { picture, field } of patches) {
        const whole = asPrepared(subject, prepare(await pictures.load(picture)))
        tiles.push(cut(whole, field, side))
      }
    }
    const columns = found.length === 1 ? Math.ceil(Math.sqrt(count)) : count
    const scale = Math.max(1, Math.floor(900 / columns / side))
    return { picture: sheet(tiles, { columns, scale, gap: 2 }), layer }
  },

  async 'class-visualization'(subject, { steps, json = false }) {
    const { model, target, preprocessing } = subject
    let shown: ReturnType<typeof progress> | undefined
    const found = await visualizeClass(model, target!, {
      steps,
      onStep: (step, total) => {
        shown ??= progress('climbing', total, { quiet: json })
        shown.update(step)
      },
    })
    shown?.stop()
    const scale = Math.max(1, Math.round(448 / preprocessing.crop))
    const picture = sheet([asPrepared(subject, found.data)], { scale, gap: 0 })
    return { picture, explained: { index: found.target } }
  },
}

async function someOf(path: string, limit: number, onBroken: OnBroken | undefined) {
  const dataset = await openPictures(path, 'test')
  const length = Math.min(limit, dataset.length)
  // Evenly over the data set, whose order may be by class.
  const indices = Array.from({ length }, (_, i) => Math.floor((i * dataset.length) / length))
  const some = subset(dataset, indices)
  if (onBroken !== 'skip') return some
  const skipped = new SkippedPictures()
  const sound = await soundPictures(some, skipped)
  skipped.report()
  return sound
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

const convolutions = (model: LoadedModel['model']) =>
  describe(model).layers.filter(({ kind }) => kind === 'convolution')
/** Names of the first and the last convolution: what is shown where no layer was named. */
const first = (model: LoadedModel['model']) => convolutions(model)[0]!.name
const last = (model: LoadedModel['model']) => convolutions(model).at(-1)!.name

function mapSize(model: LoadedModel['model'], name: string): [number, number] {
  const layer = model.layers.find((candidate) => candidate.name === name)
  const shape = layer ? (layer.outputShape as number[]) : []
  return shape.length === 4 ? [shape[1]!, shape[2]!] : [1, 1]
}

/** "3,5" as a row and a column. */
function placeOf(text: string) {
  const numbers = text.split(',').map(Number)
  if (numbers.length === 2 && numbers.every((number) => Number.isInteger(number) && number >= 0)) {
    return { row: numbers[0]!, column: numbers[1]! }
  }
  throw new UsageError(`--unit ${text}: give a row and a column from 0 on, such as 3,5`)
}
