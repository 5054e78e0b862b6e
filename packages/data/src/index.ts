/**
 * The whole package, for Node: what works everywhere, and reading pictures and data sets from
 * files.
 */
export * from './browser.ts'
export { type Cifar10Options, cifar10 } from './node/cifar10.ts'
export { type DecodeOptions, decodePicture, encodePng, readPicture } from './node/decode.ts'
export { type ImageFolderOptions, imageFolder } from './node/image-folder.ts'
export { type OpenDatasetOptions, openDataset } from './node/open-dataset.ts'
