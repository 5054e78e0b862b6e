// The module's exports: one function a kernel, all of the form (parameters, task, worker).
export { adamStep } from './adam'
export { batchNormalization } from './batch-normalization'
export { asFloats, choose, compare, logic } from './comparison'
export { copyRows } from './copy'
export { crossEntropy } from './cross-entropy'
export { depthwise, depthwiseFilter, depthwisePicture } from './depthwise'
export { dropout } from './dropout'
export { binary, unary } from './elementwise'
export { extreme, extremePlace } from './extreme'
export { matrixProduct } from './matrix-product'
export { momentumStep } from './momentum'
export { normalize, normalizeGradient } from './normalization'
export { phases } from './phases'
export { pool, poolGradient } from './pooling'
export { quantize, quantizedProduct } from './quantized-product'
export { columnSum, columnTotal, rowSum } from './reduction'
export { resize, resizeGradient } from './resize'
export { softmax } from './softmax'
export { stridedCopy } from './strided-copy'
export { thinProduct, thinSums } from './thin-product'
export {
  turnFilter,
  winogradFilter,
  winogradFilterGradient,
  winogradGradientTiles,
  winogradMaps,
  winogradPicture,
} from './winograd'
