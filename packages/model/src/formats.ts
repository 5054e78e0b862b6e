// The formats that a model is written in, by name.

export const modelFormats = [
  'safetensors',
  'npz',
  'onnx',
  'tflite',
  'tfjs',
  'shards',
  'transformers',
] as const
export type ModelFormat = (typeof modelFormats)[number]

/** Those that are a folder of several files. */
export const folderFormats: readonly ModelFormat[] = ['tfjs', 'shards', 'transformers']

/** Those that no program of ours reads. */
export const writtenOnly: readonly ModelFormat[] = ['tflite']
