// What stands beside the weights of a model from Hugging Face's Hub: `config.json` and `preprocessor_config.json`, as
// timm and Transformers write them. Taken from them are the names of the classes and the preparation of pictures; the
// network itself is told by the tensors. A preparation that cannot be followed to the letter is an error, not a guess.
// https://github.com/huggingface/pytorch-image-models/blob/main/timm/models/_hub.py
// https://huggingface.co/docs/transformers/main_classes/image_processor

import type { Preprocessing } from '@alexnet/data'
import { ModelError } from './errors.ts'

/** The files, by the names that they have beside the weights. */
export const besideFiles = ['config.json', 'preprocessor_config.json'] as const

/** Their texts, as far as they are there. */
export type BesideTexts = Partial<Record<(typeof besideFiles)[number], string>>

/** What they tell of a model. */
export interface Beside {
  labels?: string[]
  preprocessing?: Preprocessing
}

type Json = { readonly [key: string]: unknown }

/** Pillow's filters by their numbers, which Transformers writes; timm writes the names. */
export const pillowFilters = [
  'nearest',
  'lanczos',
  'bilinear',
  'bicubic',
  'box',
  'hamming',
] as const

/** Resized to the input's size over this where timm says nothing else. */
const CROP_SHARE = 0.875

/**
 * Reads the files beside weights; what says nothing of classes or pictures is left out.
 *
 * @param where what they stand beside, named in errors
 * @param given a preparation in place of theirs, which then is not read
 * @throws ModelError for what is no JSON, or prepares pictures in a way that is not known here
 */
export function readBeside(texts: BesideTexts, where: string, given?: Preprocessing): Beside {
  const config = parsed(texts, 'config.json', where)
  const processor = parsed(texts, 'preprocessor_config.json', where)
  const fail = (why: string): never => {
    throw new ModelError(`${where}: ${why}; say how with the option preprocessing`)
  }
  const labels = labelsOf(config, where)
  if (given) return { labels }
  if (processor) return { labels, preprocessing: ofTransformers(processor, fail) }
  const timm = isObject(config?.pretrained_cfg) ? { ...config, ...config.pretrained_cfg } : config
  return { labels, preprocessing: timm && ofTimm(timm, fail) }
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function parsed(texts: BesideTexts, name: keyof BesideTexts, where: string): Json | undefined {
  const text = texts[name]
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch (cause) {
    throw new ModelError(`${where}: its ${name} is no JSON: ${(cause as Error).message}`, { cause })
  }
}

/** Transformers' `id2label`, or timm's `label_names` with `label_descriptions` for people. */
function labelsOf(config: Json | undefined, where: string): string[] | undefined {
  const { id2label, label_names: names, label_descriptions: words } = config ?? {}
  if (isObject(id2label)) {
    const labels = Object.keys(id2label).map((_, index) => id2label[index])
    if (labels.every((label) => typeof label === 'string')) return labels as string[]
    throw new ModelError(`${where}: id2label of its config.json does not number names from 0 on`)
  }
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) return undefined
  return names.map((name: string) => {
    const described = isObject(words) ? words[name] : undefined
    return typeof described === 'string' ? described : name
  })
}

type Fail = (why: string) => never

/** timm's evaluation: the shorter side to the input's size over `crop_pct`, rounded down; the middle of that. */
function ofTimm(config: Json, fail: Fail): Preprocessing | undefined {
  const { input_size: size, mean, std, interpolation, crop_mode: mode, crop_pct: share } = config
  if (!Array.isArray(size) || mean === undefined || std === undefined) return undefined
  const [channels, height, width] = size
  if (channels !== 3 || height !== width || !isPositive(height)) {
    return fail(`its config.json has pictures of ${size.join('×')}, not square ones in colour`)
  }
  if (mode !== undefined && mode !== 'center') {
    return fail(`its config.json crops pictures by '${mode}', which is not known here`)
  }
  const part = share ?? CROP_SHARE
  if (!isPositive(part)) return fail('crop_pct of its config.json is no share')
  return {
    resize: Math.floor(height / part),
    crop: height,
    mean: channelsOf(mean, 'mean of its config.json', fail),
    std: channelsOf(std, 'std of its config.json', fail),
    interpolation: filterOf(interpolation ?? 'bicubic', fail),
  }
}

function ofTransformers(processor: Json, fail: Fail): Preprocessing {
  const file = 'preprocessor_config.json'
  const crop = cropOf(processor)
  const resize = processor.do_resize === false ? crop : shortestEdge(processor.size)
  if (crop === undefined || resize === undefined) {
    return fail(
      `its ${file} does not resize the shorter side and crop a square (size ${JSON.stringify(processor.size)})`,
    )
  }
  const factor = processor.rescale_factor ?? 1 / 255
  if (processor.do_rescale === false || Math.abs(Number(factor) * 255 - 1) > 1e-3) {
    return fail(`its ${file} does not bring pixels to 0…1 first`)
  }
  const normalizes = processor.do_normalize !== false
  return {
    resize,
    crop,
    mean: normalizes
      ? channelsOf(processor.image_mean, `image_mean of its ${file}`, fail)
      : [0, 0, 0],
    std: normalizes ? channelsOf(processor.image_std, `image_std of its ${file}`, fail) : [1, 1, 1],
    interpolation: filterOf(processor.resample ?? pillowFilters.indexOf('bilinear'), fail),
  }
}

/** The square that is cut from the middle; undefined where none is. */
function cropOf({ do_center_crop: crops, crop_size: size }: Json): number | undefined {
  if (crops === false) return undefined
  if (isPositive(size)) return size
  const { height, width } = isObject(size) ? size : {}
  return isPositive(height) && height === width ? height : undefined
}

function shortestEdge(size: unknown): number | undefined {
  const edge = isObject(size) ? size.shortest_edge : size
  return isPositive(edge) ? edge : undefined
}

const isPositive = (value: unknown): value is number =>
  typeof value === 'number' && value > 0 && Number.isFinite(value)

function channelsOf(values: unknown, what: string, fail: Fail): [number, number, number] {
  if (!Array.isArray(values) || values.length !== 3 || !values.every(Number.isFinite)) {
    return fail(`${what} is no number for each of three channels`)
  }
  return [values[0], values[1], values[2]]
}

function filterOf(given: unknown, fail: Fail): Preprocessing['interpolation'] {
  const found =
    typeof given === 'number' ? pillowFilters[given] : pillowFilters.find((name) => name === given)
  return found ?? fail(`it resizes pictures by '${given}', which is no filter of Pillow's`)
}
