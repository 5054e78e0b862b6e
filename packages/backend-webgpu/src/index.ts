// TensorFlow.js on WebGPU with kernels of its own for training. In Node: @alexnet/backend-webgpu/node.

export { BackendStoppedError, DeviceLostError, OutOfMemoryError } from '@alexnet/backend'
export { type WebGPUOptions, webgpu } from './adapter.ts'
export { inspectWebGPU, type WebGPUReport } from './device.ts'
export { DeviceError, ProgramError } from './errors.ts'
export { type WarmUpOptions, warmUp } from './warm-up.ts'
