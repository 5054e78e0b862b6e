// What a pickle's values become here: plain records that do nothing. A dictionary is a Map, so that no key
// can reach into a prototype; an object of any class is its class's name and its attributes.

import type { StoredDType } from '../tensor.ts'

export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | List
  | Tuple
  | Dictionary
  | ClassName
  | Instance
  | Storage
  | Tensor

export class List {
  readonly items: Value[]
  constructor(items: Value[]) {
    this.items = items
  }
}

export class Tuple {
  readonly items: readonly Value[]
  constructor(items: readonly Value[]) {
    this.items = items
  }
}

export class Dictionary {
  readonly entries = new Map<Value, Value>()
}

/** A global that a pickle named: `module.name`. It is a name and nothing more. */
export class ClassName {
  readonly name: string
  /** Byte at which the pickle named it. */
  readonly offset: number
  constructor(name: string, offset: number) {
    this.name = name
    this.offset = offset
  }
}

/** An object of some class, of which only its attributes were taken. */
export class Instance {
  readonly className: string
  attributes: Dictionary | undefined
  constructor(className: string) {
    this.className = className
  }
}

/** Elements in the file that tensors are views of. */
export interface StorageRecord {
  dtype: StoredDType
  /** Names the storage within the file. */
  key: string
  /** Elements. */
  count: number
  /** First element within the storage called `key`, for views of the old format. */
  start: number
}

export class Storage {
  readonly record: StorageRecord
  constructor(record: StorageRecord) {
    this.record = record
  }
}

/** A view of a storage: what torch._utils._rebuild_tensor_v2 is asked to make. */
export class Tensor {
  readonly storage: StorageRecord
  /** First element within the storage. */
  readonly offset: number
  readonly shape: readonly number[]
  /** Elements from one index to the next, by axis. */
  readonly strides: readonly number[]
  constructor(storage: StorageRecord, offset: number, shape: number[], strides: number[]) {
    this.storage = storage
    this.offset = offset
    this.shape = shape
    this.strides = strides
  }
}
