// What the package is in Node and in browsers alike.

export { fromMetadata, type ModelDescription, toMetadata } from './description.ts'
export {
  asPrepared,
  classNamed,
  type ExplainOptions,
  type Explanation,
  type ExplanationMap,
  evenly,
  oneFilter,
  viewOf,
} from './drawings.ts'
export { ModelError } from './errors.ts'
export * from './lists.ts'
export {
  type ClassifyOptions,
  type Features,
  type FeaturesOptions,
  Model,
  type ModelOrigin,
  type ModelParts,
  type RunOptions,
} from './model.ts'
export { networkTensors } from './names.ts'
export {
  type ModelSource,
  modelNames,
  type OpenedWeights,
  type OpenModelOptions,
  startBackend,
} from './open.ts'
export { asDataset, type PictureInput, type ShownPicture } from './pictures.ts'
export { likeliest, type Prediction, softmax } from './predictions.ts'
export {
  type BatchOptions,
  evaluationBatches,
  preprocessingOf,
  TEN,
  tenViewBatches,
} from './preparation.ts'
export { type Recognised, recognise } from './recognise.ts'
export {
  encodeModel,
  formatOf,
  layersOfOurs,
  requirePossible,
  type SaveOptions,
} from './write.ts'
