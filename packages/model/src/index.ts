// The whole package, for Node: a trained model opened from anything, asked anything, saved as anything.

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suggestion } from '@alexnet/core'
import { openCheckpoint, type PublishedFile } from '@alexnet/weights'
import { openCheckpointFile, pullWeights } from '@alexnet/weights/node'
import { ModelError } from './errors.ts'
import type { Model } from './model.ts'
import {
  type ModelPlatform,
  type ModelSource,
  modelNames,
  type OpenedWeights,
  type OpenModelOptions,
  openModelOn,
  openWeights as openWeightsOn,
  publishedAs,
  tensorBytes,
} from './open.ts'
import { saveTo } from './save.ts'
import { transformersModels } from './transformers.ts'

export * from './shared.ts'

/**
 * Opens a trained model: `openModel('cifar10')`, `openModel('runs/mine')`, `openModel('alexnet.pth')`.
 *
 * Starts the CPU engine where none of this project's backends runs. The variant, the labels and the preparation of
 * pictures come from the file's description, its record, or its tensors.
 *
 * @throws ModelError, CheckpointError, DownloadError or core's error on weights that do not fit, naming the tensors
 * @example
 * const model = await openModel('cifar10')
 * const [best] = await model.classify('cat.jpg')
 */
export function openModel(source: ModelSource, options: OpenModelOptions = {}): Promise<Model> {
  return openModelOn(platform, source, options)
}

/** Opens what a source names, without making a network of it: its tensors stay in their file. Close the checkpoint. */
export function openWeights(
  source: ModelSource | PublishedFile,
  options: OpenModelOptions = {},
): Promise<OpenedWeights> {
  return openWeightsOn(platform, source, options)
}

const platform: ModelPlatform = {
  async openText(text) {
    if (/^https?:\/\//i.test(text)) {
      const checkpoint = await openCheckpoint(new URL(text))
      return { checkpoint, path: text, bytes: tensorBytes(checkpoint) }
    }
    return openPath(/^file:\/\//i.test(text) ? fileURLToPath(text) : text)
  },
  async pull(record, { onProgress, onWait, signal, mirror }) {
    return openPath(await pullWeights(record, { onProgress, onWait, signal, mirror }))
  },
  save: saveTo,
}

/** The files by which a folder is a model, in the order they are looked for. */
const folderFiles = [
  'model.safetensors',
  'model.safetensors.json',
  'model.json',
  'pytorch_model.bin',
  'model.onnx',
  ...transformersModels,
]

async function openPath(path: string): Promise<Omit<OpenedWeights, 'name'>> {
  const stats = await stat(path).catch(() => undefined)
  if (!stats && /^[\w-]+$/.test(path)) {
    throw new ModelError(
      `${path}: no such file or folder, and no weights of that name: ${suggestion(path, modelNames)}`,
    )
  }
  const file = stats?.isDirectory() ? await modelIn(path) : path
  const checkpoint = await openCheckpointFile(file)
  const bytes = /\.json$/i.test(file) ? tensorBytes(checkpoint) : (await stat(file)).size
  return { checkpoint, path: file, bytes, published: publishedAs(file, bytes) }
}

async function modelIn(folder: string): Promise<string> {
  for (const name of folderFiles) {
    if (await stat(join(folder, name)).catch(() => undefined)) return join(folder, name)
  }
  throw new ModelError(
    `${folder} holds no model: looked for ${folderFiles.join(', ')}; name the file itself`,
  )
}
