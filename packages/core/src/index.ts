// @alexnet/core: AlexNet and its relatives as TensorFlow.js models with PyTorch's names and layouts. What they
// are made of is in ./layers and ./architectures, what they see in ./explain.

export type { Activation } from './architecture.ts'
export { architectures, getArchitecture, type Variant } from './architectures/index.ts'
export { type AlexNetOptions, type BuildOptions, createAlexNet, weightShapes } from './build.ts'
export {
  describeModel,
  formatDescription,
  type LayerDescription,
  type NetworkDescription,
} from './describe.ts'
export { OptionError, type ShapeMismatch, suggestion, WeightsError } from './errors.ts'
export { featureLayer } from './explain/neighbours.ts'
export { type QuantizedLayers, quantizeLinear, type WeightFormat } from './quantize.ts'
export {
  type ExportedWeight,
  exportWeights,
  fromPyTorchLayout,
  type LazyTensorLike,
  type LoadOptions,
  type LoadReport,
  loadLazyWeights,
  loadWeights,
  type ModelWeight,
  modelWeights,
  type TensorLike,
  toPyTorchLayout,
} from './weights.ts'
