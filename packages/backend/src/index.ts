// Choosing, starting and checking a TensorFlow.js backend.

export type { BackendAdapter, SkippedBackend, StartedBackend } from './adapter.ts'
export {
  BackendError,
  BackendStoppedError,
  DeviceLostError,
  OutOfMemoryError,
} from './errors.ts'
export { type SelfCheckReport, type SelfCheckResult, selfCheck } from './self-check.ts'
export { tfjsCpu } from './tfjs-cpu.ts'
export { type ActiveBackend, NoBackendError, useBackend } from './use-backend.ts'
