// From what a pickle holds to tensors by name. People save a state dict, a whole module, or a training
// checkpoint with one of the two somewhere inside; names may carry the `module.` of DataParallel. All
// of them give the state dict's own names.

import { CheckpointError } from '../error.ts'
import { Dictionary, Instance, Tensor, type Value } from './values.ts'

/** Where training scripts put the state dict, the most telling first. */
const WRAPPERS = [
  'state_dict',
  'model_state_dict',
  'model_state',
  'model',
  'net',
  'network',
  'weights',
  'params',
]

const MOST_TENSORS = 100_000
/** Values looked at: dictionaries that hold each other can unfold to far more than their file's size. */
const MOST_VISITS = 1_000_000
const DEEPEST_NESTING = 100
const LONGEST_NAME = 1_000

/** Tensors by name, and a training checkpoint's plain values (epoch, arch, …) as text. */
export interface StateDict {
  tensors: Map<string, Tensor>
  metadata: Record<string, string>
}

/** @throws CheckpointError when there is no tensor anywhere, or far too many. */
export function findStateDict(root: Value, path: string | undefined): StateDict {
  let value = root
  const metadata: Record<string, string> = {}
  for (let depth = 0; depth < 4 && value instanceof Dictionary; depth++) {
    const inside = wrapped(value)
    if (!inside) break
    noteScalars(value, metadata)
    value = inside
  }
  const walk = new Walk(path)
  if (value instanceof Tensor) walk.add('tensor', value)
  else walk.visit(value, '', 0)
  if (walk.tensors.size === 0) {
    throw new CheckpointError('there are no tensors in it: it is no checkpoint of a model', {
      path,
    })
  }
  return { tensors: withoutModule(walk.tensors), metadata }
}

function wrapped(value: Dictionary): Dictionary | Instance | undefined {
  // A dictionary with tensors of its own is a state dict, whatever else it holds.
  for (const item of value.entries.values()) if (item instanceof Tensor) return undefined
  for (const key of WRAPPERS) {
    const inside = value.entries.get(key)
    if (inside instanceof Instance) return inside
    if (inside instanceof Dictionary && inside.entries.size > 0) return inside
  }
  return undefined
}

function noteScalars({ entries }: Dictionary, metadata: Record<string, string>): void {
  for (const [key, value] of entries) {
    if (typeof key !== 'string' || key === '__proto__' || key.length > LONGEST_NAME) continue
    if (typeof value === 'string' && value.length > 10_000) continue
    if (['string', 'number', 'bigint', 'boolean'].includes(typeof value)) {
      metadata[key] = String(value)
    }
  }
}

class Walk {
  readonly tensors = new Map<string, Tensor>()
  readonly #path: string | undefined
  #visits = 0

  constructor(path: string | undefined) {
    this.#path = path
  }

  visit(value: Value | undefined, prefix: string, depth: number): void {
    if (++this.#visits > MOST_VISITS) this.#fail(`over ${MOST_VISITS} values`)
    if (depth > DEEPEST_NESTING) this.#fail(`nested deeper than ${DEEPEST_NESTING}`)
    if (value instanceof Tensor) this.add(prefix.slice(0, -1), value)
    else if (value instanceof Dictionary) {
      for (const [key, item] of value.entries) this.#step(key, item, prefix, depth)
    } else if (value instanceof Instance) this.#visitModule(value, prefix, depth)
  }

  /** A pickled torch.nn.Module: its parameters and buffers, then its children's. */
  #visitModule({ attributes }: Instance, prefix: string, depth: number): void {
    for (const part of ['_parameters', '_buffers', '_modules']) {
      this.visit(attributes?.entries.get(part), prefix, depth + 1)
    }
  }

  #step(key: Value, item: Value, prefix: string, depth: number): void {
    if (!(item instanceof Tensor || item instanceof Dictionary || item instanceof Instance)) {
      if (++this.#visits > MOST_VISITS) this.#fail(`over ${MOST_VISITS} values`)
      return
    }
    if (typeof key !== 'string' && typeof key !== 'number') return
    const name = `${prefix}${key}.`
    if (name.length > LONGEST_NAME) this.#fail(`names of over ${LONGEST_NAME} letters`)
    this.visit(item, name, depth + 1)
  }

  add(name: string, tensor: Tensor): void {
    if (this.tensors.size >= MOST_TENSORS) this.#fail(`over ${MOST_TENSORS} tensors`)
    this.tensors.set(name, tensor)
  }

  #fail(why: string): never {
    throw new CheckpointError(`no plausible checkpoint: it holds ${why}`, { path: this.#path })
  }
}

/**
 * Names without the `module` that DataParallel puts in: before the whole (`module.features.0.weight`) or
 * before a part (`features.module.0.weight`, as torchvision's own training script did for AlexNet).
 */
function withoutModule(tensors: Map<string, Tensor>): Map<string, Tensor> {
  const renamed = new Map<string, Tensor>()
  for (const [name, tensor] of tensors) {
    renamed.set(name.replace(/(^|\.)module\./g, '$1'), tensor)
  }
  return renamed.size === tensors.size ? renamed : tensors
}
