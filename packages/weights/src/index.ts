// @alexnet/weights: checkpoints of every format, bytes in and named tensors out, and records of published weights.
export { withVariantNames } from './caffe.ts'
export { openCheckpoint, type ReadOptions, readCheckpoint } from './checkpoint.ts'
export type { Crc32 } from './crc32.ts'
export { CheckpointError, DownloadError, type DownloadFailure } from './error.ts'
export type { NetworkLayer } from './network/layers.ts'
export type { PixelNormalization } from './network/preparation.ts'
export { encodeNpyHeader, encodeNpz } from './npy.ts'
export type { DownloadOptions, DownloadProgress } from './pull.ts'
export { dequantize, type Quantization, type Quantized, quantize } from './quantization.ts'
export {
  type BundledWeights,
  getWeightRecord,
  type PublishedFile,
  type RecordPreprocessing,
  type WeightDescription,
  type WeightRecord,
  weightRecords,
} from './registry.ts'
export { encodeSafetensors, encodeSafetensorsHeader, readSafetensors } from './safetensors.ts'
export { encodeShards } from './shards.ts'
export type { CheckpointSource, RangeSource, SourceOptions } from './source.ts'
export { type LayersModelTopology, layersModelTopology } from './stock-layers.ts'
export {
  bytesOf,
  type Checkpoint,
  type DType,
  elementCount,
  elementSize,
  type LazyTensor,
  type NamedTensor,
  type OpenCheckpoint,
  type StoredDType,
  type StoredTensor,
  type TensorData,
} from './tensor.ts'
export { encodeLayersModel, type LayersModelFiles, type ModelFile } from './tfjs.ts'
