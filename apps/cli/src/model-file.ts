// A model as one safetensors file: PyTorch's tensor names and layouts, and in the metadata all that is
// needed to use it (variant, options, labels, preprocessing). A file without that description, such as a
// PyTorch state dict saved as safetensors, is used with the variant named by the caller.

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type AlexNetOptions,
  createAlexNet,
  exportWeights,
  getArchitecture,
  loadWeights,
  type TensorLike,
} from '@alexnet/core'
import type { Preprocessing } from '@alexnet/data'
import type { Checkpoint } from '@alexnet/weights'
import { readCheckpointFile, saveSafetensors } from '@alexnet/weights/node'
import type { LayersModel } from '@tensorflow/tfjs'
import { UsageError } from './errors.ts'
import { presetFor, variantNamed } from './settings.ts'

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
  /** The file the weights came from. */
  path: string
}

export const MODEL_FILE = 'model.safetensors'
const KEY = 'alexnet'

/** Saves weights and description as one file, atomically. */
export async function saveModel(
  path: string,
  model: LayersModel,
  description: ModelDescription,
): Promise<void> {
  await saveSafetensors(path, await exportWeights(model), { [KEY]: JSON.stringify(description) })
}

/**
 * Loads a model file, or the one in a run folder.
 *
 * @param variant for files that do not say what they hold
 * @throws UsageError, CheckpointError or core's error on weights that do not fit, naming the tensors
 */
export async function loadModel(
  path: string,
  { variant }: { variant?: string } = {},
): Promise<LoadedModel> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory()
  const file = isFolder ? join(path, MODEL_FILE) : path
  const checkpoint = await readCheckpointFile(file)
  const description = describeCheckpoint(checkpoint, file, variant)
  const model = createAlexNet({ ...description.options, dropout: 0, initialize: false })
  try {
    loadWeights(model, checkpoint.tensors as ReadonlyMap<string, TensorLike>)
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error })
  }
  return { ...description, model, path: file }
}

function describeCheckpoint(
  checkpoint: Checkpoint,
  file: string,
  variant?: string,
): ModelDescription {
  const stored = checkpoint.metadata[KEY]
  if (stored !== undefined) {
    const description = JSON.parse(stored) as ModelDescription
    if (variant !== undefined && variant !== description.options.variant) {
      throw new UsageError(
        `${file} holds weights of the variant '${description.options.variant}', not '${variant}': leave --variant out`,
      )
    }
    return description
  }
  if (variant === undefined) {
    throw new UsageError(`${file} does not say which network it belongs to: name it with --variant`)
  }
  const name = variantNamed(variant)
  const { inputSize } = getArchitecture(name)
  const biases = [...checkpoint.tensors].filter(([name]) => /^classifier\.\d+\.bias$/.test(name))
  const classes = biases.at(-1)?.[1].shape[0]
  if (classes === undefined) {
    throw new UsageError(`${file} has no tensor classifier.N.bias: its names are not PyTorch's`)
  }
  return {
    options: { variant: name, classes },
    labels: Array.from({ length: classes }, (_, index) => String(index)),
    preprocessing: presetFor(name, inputSize, false).preprocessing,
  }
}
