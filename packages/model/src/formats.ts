// The formats that a model is written in, by name.

export const modelFormats = ['safetensors', 'npz', 'onnx', 'tfjs', 'shards'] as const
export type ModelFormat = (typeof modelFormats)[number]
