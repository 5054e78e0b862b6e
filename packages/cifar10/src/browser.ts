// The package in a browser: the same record, its file fetched from where the bundler put it. The
// pattern `new URL(…, import.meta.url)` is the one that bundlers know an asset by.

import type { BundledWeights } from '@alexnet/weights'
import { record } from './record.ts'

/** The model; `load()` gives the bytes of its safetensors file, for `readCheckpoint`. */
export const cifar10: BundledWeights = {
  ...record,
  async load() {
    const url = new URL('../model.safetensors', import.meta.url)
    const response = await fetch(url)
    if (!response.ok) {
      throw new Error(`${url} answered ${response.status}: is the file served beside the program?`)
    }
    return new Uint8Array(await response.arrayBuffer())
  },
}
