// The files by which a folder, or a repository of the Hub, is a model.

import { transformersModels } from './transformers.ts'

/** In the order they are looked for. */
export const modelFiles: readonly string[] = [
  'model.safetensors',
  'model.safetensors.json',
  'model.json',
  'pytorch_model.bin',
  'model.onnx',
  ...transformersModels,
]
