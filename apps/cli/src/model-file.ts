// A model as a file: weights in any format that @alexnet/weights reads, and all that is needed to use
// them (variant, options, labels, preprocessing). Files of this program carry that description in their
// metadata; published weights have a record; others are used with the variant that the caller names.

import {
  type AlexNetOptions,
  createAlexNet,
  exportWeights,
  getArchitecture,
  loadLazyWeights,
} from '@alexnet/core'
import { createPreprocess, type Preprocessing } from '@alexnet/data'
import type { OpenCheckpoint, WeightDescription } from '@alexnet/weights'
import { saveSafetensors } from '@alexnet/weights/node'
import type { LayersModel } from '@tensorflow/tfjs'
import {
  caffePreprocessing,
  type NamedTensors,
  pytorchLayouts,
  pytorchNames,
} from './checkpoint-names.ts'
import { UsageError } from './terminal/errors.ts'
import { presetFor, variantNamed } from './train/settings.ts'
import { openWeights } from './weights-source.ts'

/** What belongs to the weights of a model, to use it as it was trained. */
export interface ModelDescription {
  /** createAlexNet's options: variant, classes, inputSize, activation and the other switches. */
  options: AlexNetOptions
  /** Class names, in the order of the logits. */
  labels: string[]
  preprocessing: Preprocessing
}

export interface LoadedModel extends ModelDescription {
  model: LayersModel
  /** The file the weights came from, or their name. */
  path: string
  /** Bytes of that file, or of several together. */
  bytes: number
  /** Format and element types, `safetensors, int8`. */
  contents: string
  /** Whether the file keeps weights as int8. */
  isInt8: boolean
}

export const MODEL_FILE = 'model.safetensors'
/** Key of the metadata in which a file describes its model. */
const KEY = 'alexnet'

/** A description as a file's metadata. */
export const describeModel = ({ options, labels, preprocessing }: ModelDescription) => ({
  [KEY]: JSON.stringify({ options, labels, preprocessing }),
})

/** Saves weights and description as one file, atomically. */
export async function saveModel(
  path: string,
  model: LayersModel,
  description: ModelDescription,
): Promise<void> {
  await saveSafetensors(path, await exportWeights(model), describeModel(description))
}

interface LoadModelOptions {
  variant?: string
  description?: ModelDescription
  quiet?: boolean
}

/**
 * Loads a model from whatever `--weights` names; the weights that come with the program when it is
 * left out.
 *
 * @param variant for files that do not say what they hold
 * @param description taken in place of what the file says of itself
 * @param quiet no progress of a download, as `--json` asks
 * @throws UsageError, CheckpointError, DownloadError or core's error on weights that do not fit, naming
 *   the tensors
 */
export async function loadModel(
  weights: string | undefined,
  { variant, description: given, quiet = false }: LoadModelOptions = {},
): Promise<LoadedModel> {
  const { checkpoint, path, bytes, published } = await openWeights(weights, { quiet })
  try {
    const named = pytorchNames(checkpoint)
    const { options, labels, preprocessing } =
      given ??
      (published
        ? await descriptionOf(published, path, variant)
        : describeCheckpoint(checkpoint, named, path, variant))
    const model = createAlexNet({ ...options, initialize: false })
    try {
      await loadLazyWeights(model, pytorchLayouts(checkpoint, named, model))
    } catch (error) {
      model.dispose()
      const { message } = error as Error
      if (message.startsWith(path)) throw error
      throw new Error(`${path}: ${message}`, { cause: error })
    }
    return { options, labels, preprocessing, model, path, bytes, ...contentsOf(checkpoint) }
  } finally {
    await checkpoint.close()
  }
}

function contentsOf({ format, tensors }: OpenCheckpoint) {
  const types = new Set([...tensors.values()].map(({ storedAs }) => storedAs))
  const isInt8 = types.has('int8')
  // The scales and biases beside int8 weights are float32, and go without saying.
  if (isInt8) types.delete('float32')
  return { contents: [format, ...types].join(', '), isInt8 }
}

/** @throws UsageError when the caller names another variant than the weights are of */
function requireVariant(path: string, of: string, named: string | undefined): void {
  if (named === undefined || named === of) return
  throw new UsageError(
    `${path} holds weights of the variant '${of}', not '${named}': leave --variant out`,
  )
}

async function descriptionOf(
  published: WeightDescription,
  path: string,
  variant?: string,
): Promise<ModelDescription> {
  const { architecture, classes, preprocessing, labels } = published
  requireVariant(path, architecture, variant)
  const options = {
    variant: variantNamed(architecture),
    classes,
    inputSize: preprocessing.crop,
  }
  return { options, labels: [...(await labels())], preprocessing }
}

function describeCheckpoint(
  checkpoint: OpenCheckpoint,
  { tensors, fromCaffe }: NamedTensors,
  file: string,
  variant?: string,
): ModelDescription {
  const stored = checkpoint.metadata[KEY]
  if (stored !== undefined) {
    const description = readDescription(stored, file)
    requireVariant(file, description.options.variant ?? 'torchvision', variant)
    return description
  }
  if (variant === undefined) {
    throw new UsageError(`${file} does not say which network it belongs to: name it with --variant`)
  }
  const name = variantNamed(variant)
  const { inputSize } = getArchitecture(name)
  const place = (name: string) => Number(/^classifier\.(\d+)\.bias$/.exec(name)?.[1] ?? -1)
  const last = [...tensors.keys()].sort((a, b) => place(a) - place(b)).at(-1) ?? ''
  const classes = place(last) < 0 ? undefined : tensors.get(last)!.shape[0]
  if (classes === undefined) {
    const found = [...tensors.keys()].slice(0, 3).join(', ')
    throw new UsageError(
      `${file} has no tensor classifier.N.bias: its names (${found}, …) are not those of the variants`,
    )
  }
  const { preprocessing } = presetFor(name, inputSize)
  return {
    options: { variant: name, classes },
    labels: Array.from({ length: classes }, (_, index) => String(index)),
    preprocessing: fromCaffe ? caffePreprocessing(preprocessing) : preprocessing,
  }
}

/** A description as a file has it: written by someone, so nothing of it is taken for granted. */
function readDescription(text: string, file: string): ModelDescription {
  try {
    const { options, labels, preprocessing } = JSON.parse(text) as ModelDescription
    const isList = Array.isArray(labels) && labels.every((label) => typeof label === 'string')
    if (!isList) throw new TypeError('its labels are no list of names')
    if (typeof options !== 'object' || options === null) throw new TypeError('it has no options')
    if (options.classes !== undefined && options.classes !== labels.length) {
      throw new TypeError(`it has ${labels.length} labels for ${options.classes} classes`)
    }
    const { inputSize } = getArchitecture(variantNamed(options.variant ?? 'torchvision'))
    createPreprocess(preprocessing)
    const { resize, crop, mean, std, interpolation, meanPicture } = preprocessing
    const taken = options.inputSize ?? inputSize
    if (crop !== taken) {
      throw new RangeError(`it crops pictures to ${crop} pixels, for a network that takes ${taken}`)
    }
    return {
      options,
      labels,
      preprocessing: {
        resize,
        crop,
        mean,
        std,
        interpolation,
        ...(meanPicture && { meanPicture }),
      },
    }
  } catch (cause) {
    const why = (cause as Error).message
    throw new UsageError(`${file}: its description (metadata '${KEY}') cannot be used: ${why}`)
  }
}
