// @alexnet/core/architectures: what a table of layers is, for a network of one's own.

export {
  type Activation,
  type ActivationRecord,
  type AdaptivePoolingRecord,
  type Architecture,
  activation,
  averagePooling,
  type ConvolutionRecord,
  convolution,
  type DropoutRecord,
  dropout,
  type LayerRecord,
  type LinearRecord,
  linear,
  maxPooling,
  type NormalizationRecord,
  type PoolingRecord,
  type Preparation,
} from '../architecture.ts'
export { buildFeatures, buildModel } from '../build.ts'
export {
  gaussian,
  type InitialBiasRule,
  type InitialValues,
  type InitialWeightRule,
  kaimingNormal,
  lecunNormal,
  pytorchDefault,
} from '../initializers.ts'
