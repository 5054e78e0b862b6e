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

/**
 * An object of some class, or what a call of anything unknown would have made: nothing was constructed or
 * called, these are the notes of what the pickle said of it.
 */
export class Instance {
  readonly className: string
  /** What the call was given. */
  readonly args: readonly Value[]
  /**
   * Why it cannot stand for what it was meant to be, the byte at which that was found, and whether it was to
   * be a tensor.
   */
  readonly refusal: { why: string; offset: number; isTensor: boolean } | undefined
  /** What its state was to be set to. */
  state: Value = null
  /** Items of a class derived from a dictionary. */
  items: Dictionary | undefined

  constructor(className: string, args: readonly Value[] = [], refusal?: Instance['refusal']) {
    this.className = className
    this.args = args
    this.refusal = refusal
  }

  /** Attributes, of objects whose state is a dictionary, or a pair of one and their slots. */
  get attributes(): Dictionary | undefined {
    const state = this.state instanceof Tuple ? this.state.items[0] : this.state
    return state instanceof Dictionary ? state : undefined
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
