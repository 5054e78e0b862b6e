// The entry point for Node: checkpoints as files, and downloaded weights in a cache folder.
export {
  type CachedWeights,
  type CacheOptions,
  listWeights,
  type PullOptions,
  pullWeights,
  removeWeights,
  verifyWeights,
  weightsFolder,
} from './cache.ts'
export { openCheckpointFile, readCheckpointFile, replaceFile, saveSafetensors } from './files.ts'
