// What works everywhere: transforms, presets, loaders, drawn pictures. This is the entry that
// bundlers for browsers take; it imports neither Node's modules nor sharp.

export { createWorkerPool, loader } from './browser/loader.ts'
export {
  decodePicture,
  droppedPictures,
  pictureFiles,
  pictureList,
  videoFrame,
} from './browser/picture-list.ts'
export * from './contact-sheet.ts'
export * from './dataset.ts'
export type { DecodeOptions } from './decode.ts'
export * from './describe-dataset.ts'
export type { Batch, Loader, SkippedPicture } from './loader.ts'
export * from './loader-options.ts'
export * from './mixing.ts'
export * from './normalize.ts'
export * as operations from './operations/index.ts'
export * from './picture.ts'
export { pictureExtensions } from './picture-header.ts'
export type { PictureSource } from './picture-source.ts'
export * from './preprocess.ts'
export * from './presets.ts'
export * from './random.ts'
export * from './resample.ts'
export * from './shapes/shapes.ts'
export {
  type CachedDataset,
  type CachedOptions,
  cached,
  type ListedPicture,
  type PictureListOptions,
} from './sources.ts'
export * from './statistics.ts'
export * from './transforms/aug-mix.ts'
export * from './transforms/auto-augment.ts'
export * from './transforms/color-jitter.ts'
export * from './transforms/color-pca-noise.ts'
export * from './transforms/combine.ts'
export * from './transforms/create-transform.ts'
export * from './transforms/crop.ts'
export * from './transforms/gaussian-blur.ts'
export * from './transforms/grayscale.ts'
export * from './transforms/multi-crop.ts'
export * from './transforms/rand-augment.ts'
export * from './transforms/random-affine.ts'
export * from './transforms/random-erasing.ts'
export * from './transforms/random-horizontal-flip.ts'
export * from './transforms/random-operations.ts'
export * from './transforms/random-perspective.ts'
export * from './transforms/random-resized-crop.ts'
export * from './transforms/random-rotation.ts'
export * from './transforms/random-vertical-flip.ts'
export * from './transforms/resize.ts'
export {
  compose,
  recipesOf,
  type Transform,
  type TransformRecipe,
  transformPicture,
} from './transforms/transform.ts'
export * from './transforms/trivial-augment-wide.ts'
export type { WorkerPool } from './worker-pool.ts'
