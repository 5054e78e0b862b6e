// The package in a browser: the same, with addresses in place of paths, downloads in the origin's private files,
// and models saved as bytes.

import { openCheckpoint, type PublishedFile } from '@alexnet/weights'
import { pullWeights } from '@alexnet/weights/browser'
import { ModelError } from './errors.ts'
import type { Model } from './model.ts'
import {
  type ModelPlatform,
  type ModelSource,
  type OpenedWeights,
  type OpenModelOptions,
  openModelOn,
  openWeights as openWeightsOn,
  publishedAs,
  tensorBytes,
} from './open.ts'
import { bytesFor } from './write.ts'

export * from './shared.ts'

/** As in Node; what is no name is an address, relative ones beside the page. */
export function openModel(source: ModelSource, options: OpenModelOptions = {}): Promise<Model> {
  return openModelOn(platform, source, options)
}

/** As in Node. */
export function openWeights(
  source: ModelSource | PublishedFile,
  options: OpenModelOptions = {},
): Promise<OpenedWeights> {
  return openWeightsOn(platform, source, options)
}

const platform: ModelPlatform = {
  async openText(text) {
    const url = new URL(text, globalThis.document?.baseURI ?? globalThis.location?.href)
    const checkpoint = await openCheckpoint(url)
    const bytes = tensorBytes(checkpoint)
    return { checkpoint, path: text, bytes, published: publishedAs(url.pathname, bytes) }
  },
  async pull(record, { onProgress, signal, mirror }) {
    const file = await pullWeights(record, { onProgress, signal, mirror })
    return { checkpoint: await openCheckpoint(file), path: file.name, bytes: file.size }
  },
  async save(model, target, options) {
    if (target === 'bytes') return bytesFor(model, options)
    throw new ModelError("a page has no paths to save to: save('bytes') gives the file's bytes")
  },
}
