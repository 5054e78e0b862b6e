// What works everywhere: data sets, loaders, presets, drawn pictures. This is the entry that bundlers for browsers
// take; it imports neither Node's modules nor sharp. Transforms are in ./transforms, what they apply in ./functional.

export type { Batch } from './batch.ts'
export { createWorkerPool, loader } from './browser/loader.ts'
export {
  type DroppedItems,
  decodePicture,
  droppedPictures,
  type PlayingVideo,
  pictureFiles,
  pictureList,
  videoFrame,
} from './browser/picture-list.ts'
export { countClasses, type Dataset, type Split, sample, split, subset } from './dataset.ts'
export type { DecodeOptions } from './decode.ts'
export {
  type ClassBalance,
  type DatasetDescription,
  type Duplicate,
  describeDataset,
  describeSummaries,
  type PictureSummary,
  type Spread,
  summarizePicture,
} from './describe-dataset.ts'
export type { Loader, SkippedPicture } from './loader.ts'
export type { LoaderOptions } from './loader-options.ts'
export {
  ClassesError,
  type MatchClassesOptions,
  type MatchedClasses,
  matchClasses,
} from './match-classes.ts'
export { nextTask } from './next-task.ts'
export type { ChannelValues, MeanPicture, Normalizer } from './normalize.ts'
export { type Box, type Picture, PictureError, type Size } from './picture.ts'
export { pictureExtensions } from './picture-header.ts'
export type { PictureSource } from './picture-source.ts'
export {
  createPreprocess,
  createTenViewPreprocess,
  type PackedMeanPicture,
  type Preprocessing,
  subtractedMean,
} from './preprocess.ts'
export {
  caffeTrain,
  cifarColorNoise,
  cifarEval,
  cifarTrain,
  cifarTrivial,
  cifarTrivialHalf,
  krizhevsky2012Train,
  needsColorPca,
  type Preset,
  type PresetName,
  type PresetOptions,
  paperTrain,
  preset,
  presetNames,
  torchvisionEval,
  torchvisionTrain,
  trainingPresetNames,
  trivialWide,
} from './presets.ts'
export { shuffledOrder } from './random.ts'
export type { Interpolation } from './resample.ts'
export { type ShapesOptions, shapes } from './shapes/shapes.ts'
export {
  type CachedDataset,
  type CachedOptions,
  cached,
  type ListedPicture,
  type PictureFile,
  type PictureListOptions,
} from './sources.ts'
export {
  type ColorPca,
  fitColorPca,
  imagenetColorPca,
  type MeanPictureOptions,
  meanPicture,
  type StatisticsOptions,
} from './statistics.ts'
export type { WorkerPool } from './worker-pool.ts'
