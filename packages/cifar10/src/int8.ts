// The same model with its weights in int8: half the bytes, for pages.

import { readFile } from 'node:fs/promises'
import type { BundledWeights } from '@alexnet/weights'
import { fetchModel } from './fetch-model.ts'
import { int8Record } from './record.ts'

/** The model in half the bytes; `load()` gives those of its safetensors file, for `readCheckpoint`. */
export const cifar10Int8: BundledWeights = {
  ...int8Record,
  load: ({ url } = {}) =>
    url
      ? fetchModel(url, 'model-int8.safetensors', int8Record.bytes)
      : readFile(new URL('../model-int8.safetensors', import.meta.url)),
}
