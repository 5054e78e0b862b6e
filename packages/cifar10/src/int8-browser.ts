// The int8 model in a browser; an entry of its own, so that who imports the other is not given this file too.

import type { BundledWeights } from '@alexnet/weights'
import { fetchModel } from './fetch-model.ts'
import { int8Record } from './record.ts'

/** The model in half the bytes; `load()` gives those of its safetensors file, for `readCheckpoint`. */
export const cifar10Int8: BundledWeights = {
  ...int8Record,
  load: ({ url = new URL('../model-int8.safetensors', import.meta.url) } = {}) =>
    fetchModel(url, 'model-int8.safetensors', int8Record.bytes),
}
