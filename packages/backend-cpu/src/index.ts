// A TensorFlow.js backend for the CPU in WebAssembly SIMD that trains convolutional networks.

export { BackendStoppedError, OutOfMemoryError } from '@alexnet/backend'
export { type CpuOptions, cpu } from './adapter.ts'
export { type MomentumStepOptions, momentumStep } from './kernels/momentum.ts'
export type { BuildName } from './module.ts'
