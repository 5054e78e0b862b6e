// A TensorFlow.js backend for the CPU in WebAssembly SIMD that trains convolutional networks.

export { type CpuOptions, cpu } from './adapter.ts'
export { OutOfMemoryError } from './memory.ts'
export type { BuildName } from './module.ts'
