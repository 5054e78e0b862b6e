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
export { openCheckpointFile, readCheckpointFile, saveSafetensors } from './files.ts'
export { holdLock, LockedError, type LockOptions } from './lock.ts'
export { kindOf, makeFolder, replaceFile, replaceFileBy } from './replace-file.ts'
