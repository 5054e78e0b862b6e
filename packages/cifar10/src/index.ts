// An AlexNet trained on CIFAR-10, as a record and a file of float16 weights beside it: what a program
// needs to classify pictures without downloading anything.

import { readFile } from 'node:fs/promises'
import type { BundledWeights } from '@alexnet/weights'
import { fetchModel } from './fetch-model.ts'
import { record } from './record.ts'

/** The model; `load()` gives the bytes of its safetensors file, for `readCheckpoint`. */
export const cifar10: BundledWeights = {
  ...record,
  load: ({ url } = {}) =>
    url
      ? fetchModel(url, 'model.safetensors', record.bytes)
      : readFile(new URL('../model.safetensors', import.meta.url)),
}
