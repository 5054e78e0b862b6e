// TensorFlow.js's WebGL backend, started, checked and watched, with the kernels that it has wrong or slow.

export { BackendStoppedError, OutOfMemoryError } from '@alexnet/backend'
export { type WebGLOptions, webgl } from './adapter.ts'
export { inspectWebGL, type WebGLReport } from './device.ts'
export { ContextLostError, HalfPrecisionError } from './errors.ts'
export { type WarmUpOptions, warmUp } from './warm-up.ts'
