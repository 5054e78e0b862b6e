// From tensors as views of storages to tensors in the file, for all three of PyTorch's formats. Names
// that mean the same elements, as tied weights do, get one and the same LazyTensor.

import { lazyTensor } from '../elements.ts'
import type { RangeSource } from '../source.ts'
import { elementSize, type LazyTensor } from '../tensor.ts'
import type { StorageRecord, Tensor } from './values.ts'

/** Where a storage's elements begin. */
export interface StoragePlace {
  source: RangeSource
  offset: number
}

/** @param locate finds a storage, or throws an error that names the tensor. */
export function lazyTensors(
  tensors: ReadonlyMap<string, Tensor>,
  locate: (storage: StorageRecord, name: string) => StoragePlace,
  bigEndian = false,
): Map<string, LazyTensor> {
  const byView = new Map<string, LazyTensor>()
  const result = new Map<string, LazyTensor>()
  for (const [name, { storage, shape, strides, offset }] of tensors) {
    const storedAs = storage.dtype
    const place = locate(storage, name)
    const first = storage.start + offset
    const view = JSON.stringify([storage.key, storedAs, first, shape, strides])
    const start = place.offset + first * elementSize(storedAs)
    const known = byView.get(view)
    const tensor =
      known ??
      lazyTensor(place.source, name, { storedAs, shape, strides, offset: start, bigEndian })
    byView.set(view, tensor)
    result.set(name, tensor)
  }
  return result
}
