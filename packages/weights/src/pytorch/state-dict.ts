// From what a pickle holds to tensors by name. People save a state dict, a whole module, or a training
// checkpoint with one of the two somewhere inside, beside settings and objects of any kind. What the
// pickle wanted to have called and was not is passed over there, and an error among the weights.

import { MOST_TENSORS } from '../elements.ts'
import { CheckpointError } from '../error.ts'
import { Dictionary, Instance, List, Storage, Tensor, Tuple, type Value } from './values.ts'

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
  'module',
  'checkpoint',
]

/** Values looked at: dictionaries that hold each other can unfold to far more than their file's size. */
const MOST_VISITS = 1_000_000
const DEEPEST_NESTING = 100
const LONGEST_NAME = 1_000
/** Keys of a training checkpoint, and those of a state dict that are looked at to tell that it is one. */
const MOST_KEYS = 100

/** Tensors by name, and a training checkpoint's plain values (epoch, arch, …) as text. */
export interface StateDict {
  tensors: Map<string, Tensor>
  metadata: Record<string, string>
}

/** @throws CheckpointError when there is no tensor anywhere, or far too many, or one that cannot be made. */
export function findStateDict(root: Value, path: string | undefined): StateDict {
  let value = root
  const metadata: Record<string, string> = {}
  const search = new Search(path)
  for (let depth = 0; depth < 4; depth++) {
    const dictionary = dictionaryOf(value)
    const inside = dictionary && wrapped(dictionary, search)
    if (!inside) break
    noteScalars(dictionary, metadata)
    value = inside
  }
  const walk = new Walk(path)
  if (value instanceof Tensor) walk.add('tensor', value)
  else walk.visit(value, '', 0)
  if (walk.tensors.size === 0) {
    walk.requireNothingLost()
    throw new CheckpointError('there are no tensors in it: it is no checkpoint of a model', {
      path,
    })
  }
  return { tensors: walk.tensors, metadata }
}

/** A dictionary, or the items of an object of a class derived from one. */
function dictionaryOf(value: Value | undefined): Dictionary | undefined {
  return value instanceof Instance ? value.items : value instanceof Dictionary ? value : undefined
}

/** What a training script wrapped, whatever other tensors (a loss, an accuracy) stand beside it. */
function wrapped({ entries }: Dictionary, search: Search): Value | undefined {
  for (const key of WRAPPERS) {
    const inside = entries.get(key)
    const isWhole = inside instanceof Dictionary || inside instanceof Instance
    if (isWhole && search.finds(inside)) return inside
  }
  // Under a name of its own, the one state dict is what was saved.
  if (entries.size > MOST_KEYS || isStateDict(entries)) return undefined
  const own = [...entries.values()].filter((value) => isStateDict(dictionaryOf(value)?.entries))
  return own.length === 1 ? own[0] : undefined
}

/** Whether tensors stand under paths at its start, as those of modules do: `features.0.weight`. */
function isStateDict(entries: Dictionary['entries'] = new Map()): boolean {
  let left = MOST_KEYS
  for (const [key, value] of entries) {
    if (value instanceof Tensor && typeof key === 'string' && key.includes('.')) return true
    if (--left === 0) return false
  }
  return false
}

/** Looks for tensors in values, however deep, within bounds on all that is looked at. */
class Search {
  readonly #path: string | undefined
  #visits = 0

  constructor(path: string | undefined) {
    this.#path = path
  }

  finds(value: Value | undefined, depth = 0): boolean {
    if (++this.#visits > MOST_VISITS) fail(`over ${MOST_VISITS} values`, this.#path)
    if (value instanceof Tensor || value instanceof Storage) return true
    if (depth > DEEPEST_NESTING) return false
    const among = (values: Iterable<Value>) => {
      for (const item of values) if (this.finds(item, depth + 1)) return true
      return false
    }
    if (value instanceof Dictionary) return among(value.entries.values())
    if (value instanceof List || value instanceof Tuple) return among(value.items)
    if (!(value instanceof Instance)) return false
    const { refusal, items, state, args } = value
    return (
      refusal?.isTensor ||
      this.finds(items, depth + 1) ||
      this.finds(state, depth + 1) ||
      among(args)
    )
  }
}

function fail(why: string, path: string | undefined): never {
  throw new CheckpointError(`no plausible checkpoint: it holds ${why}`, { path })
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
  readonly #search: Search
  /** The first value that a call would have made. */
  #lost: Instance | undefined
  #visits = 0

  constructor(path: string | undefined) {
    this.#path = path
    this.#search = new Search(path)
  }

  visit(value: Value | undefined, prefix: string, depth: number): void {
    if (++this.#visits > MOST_VISITS) this.#fail(`over ${MOST_VISITS} values`)
    if (depth > DEEPEST_NESTING) this.#fail(`nested deeper than ${DEEPEST_NESTING}`)
    if (value instanceof Tensor) this.add(prefix.slice(0, -1), value)
    else if (value instanceof Dictionary) {
      for (const [key, item] of value.entries) this.#step(key, item, prefix, depth)
    } else if (value instanceof Instance) this.#visitInstance(value, prefix, depth)
  }

  /** A dictionary of a derived class, or a pickled torch.nn.Module: parameters, buffers, and its children's. */
  #visitInstance(instance: Instance, prefix: string, depth: number): void {
    const { items, attributes, refusal, args } = instance
    const isModule = attributes?.entries.has('_parameters')
    if (refusal && !items && !isModule) {
      this.#lost ??= instance
      const isWanted = refusal.isTensor || args.some((arg) => this.#search.finds(arg))
      if (!isWanted) return
      this.#refuse(refusal, ` for '${prefix.slice(0, -1)}'`)
    }
    this.visit(items, prefix, depth + 1)
    for (const part of ['_parameters', '_buffers', '_modules']) {
      this.visit(attributes?.entries.get(part), prefix, depth + 1)
    }
  }

  /** @throws CheckpointError when a value that was passed over may have been what the file is about */
  requireNothingLost(): void {
    if (this.#lost) this.#refuse(this.#lost.refusal!)
  }

  #refuse({ why, offset }: NonNullable<Instance['refusal']>, where = ''): never {
    const message = `broken or unsafe pickle: ${why}${where}`
    throw new CheckpointError(message, { path: this.#path, offset })
  }

  #step(key: Value, item: Value, prefix: string, depth: number): void {
    if (!(item instanceof Tensor || item instanceof Dictionary || item instanceof Instance)) {
      if (++this.#visits > MOST_VISITS) this.#fail(`over ${MOST_VISITS} values`)
      return
    }
    if (typeof key !== 'string' && typeof key !== 'number' && typeof key !== 'bigint') {
      if (item instanceof Tensor) this.#fail('a tensor whose name is neither text nor number')
      return
    }
    if (typeof key === 'string' && key.length > LONGEST_NAME) this.#failAtName()
    const name = `${prefix}${key}.`
    if (name.length > LONGEST_NAME) this.#failAtName()
    this.visit(item, name, depth + 1)
  }

  add(name: string, tensor: Tensor): void {
    if (this.tensors.size >= MOST_TENSORS) this.#fail(`over ${MOST_TENSORS} tensors`)
    if (this.tensors.has(name)) this.#fail(`two tensors called '${name}'`)
    this.tensors.set(name, tensor)
  }

  #failAtName(): never {
    this.#fail(`names of over ${LONGEST_NAME} letters`)
  }

  #fail(why: string): never {
    fail(why, this.#path)
  }
}
