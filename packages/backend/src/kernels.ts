// What the kernels of every backend share, for backend packages: `@alexnet/backend/kernels`.

export { batchPlaces } from './batch-places.ts'
export { convolutionShapes, poolingShapes, type WindowShapes } from './window-shapes.ts'
