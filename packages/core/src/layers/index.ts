// @alexnet/core/layers: the layers that TensorFlow.js lacks, for models of one's own and for files that name them.

export { SeededNormal, SeededUniform } from '../initializers.ts'
export {
  AdaptiveAveragePooling,
  type AdaptiveAveragePoolingSettings,
} from './adaptive-average-pooling.ts'
export { Convolution, type ConvolutionSettings } from './convolution.ts'
export { Dropout, type DropoutSettings, setTrainingStep } from './dropout.ts'
export {
  LocalResponseNormalization,
  type LocalResponseNormalizationSettings,
  type NormalizationSettings,
  SameMapNormalization,
} from './local-response-normalization.ts'
export {
  AveragePooling,
  type AveragePoolingSettings,
  MaxPooling,
  type PoolingSettings,
} from './pooling.ts'
export { registerLayers } from './register.ts'
