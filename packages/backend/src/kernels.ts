// What backend packages share, made by `defineBackend`, and their kernels: `@alexnet/backend/kernels`.

export { batchPlaces } from './batch-places.ts'
export { type CustomKernels, customKernel } from './custom-kernels.ts'
export {
  type BackendDefinition,
  type DeviceMemory,
  defineBackend,
  type OpenedBackend,
  type Opening,
} from './define-backend.ts'
export type { Kernel, KernelCall, TfjsKernel } from './kernel.ts'
export { reductionOfNothing, softmaxOfNothing } from './of-nothing.ts'
export { convolutionShapes, poolingShapes, type WindowShapes } from './window-shapes.ts'
