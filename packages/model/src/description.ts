// What belongs to a model's weights, and the one place in a file where it stands: JSON under one key of the
// metadata. Files are written by anybody, so reading it takes nothing for granted.

import { type AlexNetOptions, getArchitecture, type Variant } from '@alexnet/core'
import { createPreprocess, type Preprocessing } from '@alexnet/data'
import { ModelError } from './errors.ts'

/** What belongs to the weights of a model, to use it as it was trained. */
export interface ModelDescription {
  /** createAlexNet's options: variant, classes, inputSize, activation and the other switches. */
  options: AlexNetOptions
  /** Class names, in the order of the logits. */
  labels: string[]
  preprocessing: Preprocessing
}

/** Key of a file's metadata. */
export const DESCRIPTION_KEY = 'alexnet'

/** A description as a file's metadata. */
export function toMetadata({ options, labels, preprocessing }: ModelDescription): {
  [DESCRIPTION_KEY]: string
} {
  return { [DESCRIPTION_KEY]: JSON.stringify({ options, labels, preprocessing }) }
}

/**
 * The description in a file's metadata; undefined where it has none.
 *
 * @param path named in errors
 * @throws ModelError, saying what of it cannot be used
 */
export function fromMetadata(
  metadata: Readonly<Record<string, string>>,
  path: string,
): ModelDescription | undefined {
  if (!Object.hasOwn(metadata, DESCRIPTION_KEY)) return undefined
  try {
    return checked(JSON.parse(metadata[DESCRIPTION_KEY]!))
  } catch (cause) {
    const why = (cause as Error).message
    throw new ModelError(
      `${path}: its description (metadata '${DESCRIPTION_KEY}') cannot be used: ${why}`,
      { cause },
    )
  }
}

function checked(found: Partial<ModelDescription> | null): ModelDescription {
  if (typeof found !== 'object' || found === null) throw new TypeError('it is no object')
  const { options, labels, preprocessing } = found
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === 'string')) {
    throw new TypeError('its labels are no list of names')
  }
  if (typeof options !== 'object' || options === null) throw new TypeError('it has no options')
  if (options.classes !== undefined && options.classes !== labels.length) {
    throw new RangeError(`it has ${labels.length} labels for ${options.classes} classes`)
  }
  const architecture = getArchitecture(options.variant ?? 'torchvision')
  if (typeof preprocessing !== 'object' || preprocessing === null) {
    throw new TypeError('it has no preprocessing')
  }
  createPreprocess(preprocessing)
  const { resize, crop, mean, std, interpolation, meanPicture } = preprocessing
  const taken = options.inputSize ?? architecture.inputSize
  if (crop !== taken) {
    throw new RangeError(`it crops pictures to ${crop} pixels, for a network that takes ${taken}`)
  }
  return {
    options: { ...options, variant: architecture.name as Variant, classes: labels.length },
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
}
