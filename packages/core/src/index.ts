// @alexnet/core: AlexNet and its relatives as TensorFlow.js models, and what goes with them.
export * from './architecture.ts'
export * from './architectures/index.ts'
export * from './build.ts'
export * from './describe.ts'
export { OptionError, type ShapeMismatch, suggestion, WeightsError } from './errors.ts'
export * from './explain/index.ts'
export {
  type BiasRule,
  gaussian,
  type InitialValues,
  kaimingNormal,
  lecunNormal,
  pytorchDefault,
  SeededNormal,
  SeededUniform,
  type WeightRule,
} from './initializers.ts'
export * from './layers/adaptive-average-pooling.ts'
export * from './layers/convolution.ts'
export * from './layers/dropout.ts'
export * from './layers/local-response-normalization.ts'
export * from './layers/pooling.ts'
export * from './layers/register.ts'
export * from './quantize.ts'
export * from './weights.ts'
