// TensorFlow.js's WebGL backend, started, checked and watched, with the kernels that it has wrong or slow.

export { type WebGLOptions, webgl } from './adapter.ts'
export { inspectWebGL, type WebGLReport } from './device.ts'
export {
  BackendStoppedError,
  ContextLostError,
  HalfPrecisionError,
  OutOfMemoryError,
} from './errors.ts'
export { type WarmUpOptions, warmUp } from './warm-up.ts'
