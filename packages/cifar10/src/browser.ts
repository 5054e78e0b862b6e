// The package in a browser: the same record, its file fetched from where the bundler put it. The
// pattern `new URL(…, import.meta.url)` is the one that bundlers know an asset by.

import type { BundledWeights } from '@alexnet/weights'
import { fetchModel } from './fetch-model.ts'
import { record } from './record.ts'

/** The model; `load()` gives the bytes of its safetensors file, for `readCheckpoint`. */
export const cifar10: BundledWeights = {
  ...record,
  load: ({ url = new URL('../model.safetensors', import.meta.url) } = {}) =>
    fetchModel(url, 'model.safetensors', record.bytes),
}
