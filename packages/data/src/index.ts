// The whole package, for Node: what works everywhere, and reading pictures and data sets from
// files.

export * from './browser.ts'
export { type Cifar10Options, cifar10Dataset } from './node/cifar10.ts'
export { type Cifar100Options, cifar100Dataset } from './node/cifar100.ts'
export { encodeJpeg, encodePng, showBatch } from './node/decode.ts'
export { type MnistOptions, mnistDataset } from './node/idx.ts'
export { type ImageFolderOptions, imageFolder } from './node/image-folder.ts'
export { createWorkerPool, loader } from './node/loader.ts'
export { type OpenDatasetOptions, openDataset } from './node/open-dataset.ts'
export {
  type PackEncoding,
  type PackedPicture,
  type PackOptions,
  type PackResult,
  packDataset,
  packed,
  packedName,
  packPicture,
} from './node/packed.ts'
export { decodePicture, pictureList, readPicture } from './node/picture-list.ts'
export { type TarShardsOptions, tarShards } from './node/shards.ts'
