// What the package is in Node and in browsers alike.

export { fromMetadata, type ModelDescription, toMetadata } from './description.ts'
export { evenly } from './drawings.ts'
export { ModelError } from './errors.ts'
export { classNamed } from './explain.ts'
export type { ExplainOptions, Explanation, ExplanationMap } from './explanation.ts'
export { writtenOnly } from './formats.ts'
export { type HubAccess, isHubName, parseHubName } from './hub.ts'
export * from './lists.ts'
export {
  type ClassifyOptions,
  type FeaturesOptions,
  Model,
  type ModelOrigin,
  type ModelParts,
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
export type { Features, RunOptions } from './running.ts'
export { asPrepared, oneFilter, viewOf } from './views.ts'
export {
  encodeModel,
  formatOf,
  layersOfOurs,
  requirePossible,
  type SaveOptions,
} from './write.ts'
