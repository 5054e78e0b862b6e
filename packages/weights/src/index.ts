export { CheckpointError } from './error.ts'
export { encodeNpyHeader } from './npy.ts'
export { encodeSafetensors, encodeSafetensorsHeader, readSafetensors } from './safetensors.ts'
export {
  bytesOf,
  type Checkpoint,
  type DType,
  elementCount,
  type NamedTensor,
  type TensorData,
} from './tensor.ts'
