// The whole package, for Node: a trained model opened from anything, asked anything, saved as anything.

import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suggestion } from '@alexnet/core'
import { openCheckpoint, type PublishedFile } from '@alexnet/weights'
import { openCheckpointFile, pullWeights } from '@alexnet/weights/node'
import { ModelError } from './errors.ts'
import { pullFromHub } from './hub-cache.ts'
import type { Model } from './model.ts'
import { modelFiles } from './model-files.ts'
import {
  besideTexts,
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

export { hubAccess } from './hub-cache.ts'
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
  async pullFromHub(name, { onProgress, onWait, signal, mirror }) {
    const { path, folder } = await pullFromHub(name, { onProgress, onWait, signal, mirror })
    return openPath(path, folder)
  },
  save: saveTo,
}

/** @param folder of the files of the Hub that stand beside it; default where it is */
async function openPath(path: string, folder?: string): Promise<Omit<OpenedWeights, 'name'>> {
  const stats = await stat(path).catch(() => undefined)
  if (!stats && /^[\w-]+$/.test(path)) {
    throw new ModelError(
      `${path}: no such file or folder, and no weights of that name: ${suggestion(path, modelNames)}`,
    )
  }
  const isFolder = stats?.isDirectory() === true
  const file = isFolder ? await modelIn(path) : path
  const checkpoint = await openCheckpointFile(file)
  const bytes = /\.json$/i.test(file) ? tensorBytes(checkpoint) : (await stat(file)).size
  const place = folder ?? (isFolder ? path : dirname(file))
  const beside = () =>
    besideTexts((name) => readFile(join(place, name), 'utf8').catch(() => undefined))
  return { checkpoint, path: file, bytes, published: publishedAs(file, bytes), beside }
}

async function modelIn(folder: string): Promise<string> {
  for (const name of modelFiles) {
    if (await stat(join(folder, name)).catch(() => undefined)) return join(folder, name)
  }
  throw new ModelError(
    `${folder} holds no model: looked for ${modelFiles.join(', ')}; name the file itself`,
  )
}
