/**
 * What works everywhere: transforms, presets, loaders, drawn pictures. This is the entry that
 * bundlers for browsers take; it imports neither Node's modules nor sharp.
 */
export * from './dataset.ts'
export * from './loader.ts'
export * from './normalize.ts'
export * from './picture.ts'
export * from './preprocess.ts'
export * from './presets.ts'
export * from './random.ts'
export * from './resample.ts'
export * from './shapes/shapes.ts'
export * from './transforms/crop.ts'
export * from './transforms/random-horizontal-flip.ts'
export * from './transforms/random-resized-crop.ts'
export * from './transforms/resize.ts'
export { compose, type Transform, transformPicture } from './transforms/transform.ts'
