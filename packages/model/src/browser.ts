// The package in a browser: the same, with addresses in place of paths, downloads in the origin's private files,
// and models saved as bytes.

import { openCheckpoint, type PublishedFile } from '@alexnet/weights'
import { pullWeights } from '@alexnet/weights/browser'
import { ModelError } from './errors.ts'
import { askHub, hubAddress, parseHubName, published } from './hub.ts'
import type { Model } from './model.ts'
import {
  besideTexts,
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
  // The weights stay in the origin's files; what a name stands for is asked anew, so that a page is never behind.
  async pullFromHub(name, { onProgress, signal, mirror: hubUrl }) {
    const reference = parseHubName(name)
    const { commit, files } = await askHub(reference, { hubUrl }, signal)
    const [weights, ...others] = files
    const address = (path: string) => hubAddress(reference.repo, commit, path, hubUrl)
    const { sha256 } = weights!
    const isWhole = sha256 !== undefined && !others.some(({ sha256: large }) => large)
    const checkpoint = isWhole
      ? await openCheckpoint(
          await pullWeights(published(reference, commit, { ...weights!, sha256 }, hubUrl), {
            folder: await hubFolder(sha256),
            mirror: '',
            onProgress,
            signal,
          }),
        )
      : await openCheckpoint(new URL(address(weights!.path)))
    const beside = () =>
      besideTexts(async (file) => {
        if (!others.some(({ path }) => path === file)) return undefined
        return (await fetch(address(file), { signal })).text()
      })
    return { checkpoint, path: name, bytes: weights!.bytes, beside }
  },
  async save(model, target, options) {
    if (target === 'bytes') return bytesFor(model, options)
    throw new ModelError("a page has no paths to save to: save('bytes') gives the file's bytes")
  },
}

/** Files of the Hub are often called the same: each has a folder of the origin's private files by its hash. */
async function hubFolder(sha256: string): Promise<FileSystemDirectoryHandle> {
  let folder = await navigator.storage.getDirectory()
  for (const name of ['alexnet', 'hub', sha256]) {
    folder = await folder.getDirectoryHandle(name, { create: true })
  }
  return folder
}
