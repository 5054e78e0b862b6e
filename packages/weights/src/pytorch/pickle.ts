// A reader of Python pickles that cannot be made to do anything. A pickle is a program for a stack machine
// whose instructions may call whatever Python can import; here the only calls are those of a host that
// knows a short list of names (globals.ts), and every instruction that PyTorch's files do not need is
// refused. Every count and size is checked before memory is taken for it, and what the values take is
// summed up, so a file costs time and memory in proportion to its own length. https://docs.python.org/3/library/pickletools.html

import { decodeLatin1, LONGEST_NAME, PickleBytes, type PickleLocation } from './pickle-bytes.ts'
import { ClassName, Dictionary, Instance, List, Tuple, type Value } from './values.ts'

/** What a pickle's names mean. Throws CheckpointError for those that it does not know. */
export interface PickleHost {
  /**
   * Calls a global; `offset` is the byte of the instruction, `spend` is told of the bytes that the call takes
   * beside its result.
   */
  call(
    target: ClassName,
    args: readonly Value[],
    offset: number,
    spend: (bytes: number) => void,
  ): Value
  /** Resolves a persistent id: a reference out of the pickle, such as to a storage. */
  persistent(id: Value, offset: number): Value
}

/** Memory that the values of pickles in a file of so many bytes may take, by the estimates below. */
export const pickleMemory = (fileBytes: number) => 24 * 1024 * 1024 + 4 * fileBytes

/** Far above what checkpoints need (some 20 instructions a tensor), and done in seconds. */
const MOST_INSTRUCTIONS = 5_000_000
/** About what values take in memory: a record, a dictionary, a text, an entry of a dictionary, an element. */
const RECORD_BYTES = 96
const DICTIONARY_BYTES = 240
const TEXT_BYTES = 32
export const ENTRY_BYTES = 48
export const ELEMENT_BYTES = 12
/** Lists, dictionaries and other records. */
const MOST_RECORDS = 1_000_000
const LARGEST_STACK = 1_000_000
const LARGEST_MEMO = 1_000_000
/** Marks that may be open at once, which is how deep containers nest. */
const DEEPEST_NESTING = 1_000
/** Bytes of a text without encoding: longer ones are data, as Python 2 kept the elements of arrays. */
const LONGEST_TEXT = 64 * 1024

const decoder = new TextDecoder()

/**
 * Runs one pickle.
 *
 * @returns its value, and the byte after its end within `bytes`.
 * @throws CheckpointError with the byte offset for whatever is malformed or not allowed; of the kind
 *   TruncatedPickleError when only more bytes could tell.
 */
export function readPickle(
  bytes: Uint8Array,
  host: PickleHost,
  location: PickleLocation = {},
): { value: Value; end: number } {
  const machine = new Machine(bytes, host, location)
  const value = machine.run()
  return { value, end: machine.end }
}

class Machine {
  readonly #input: PickleBytes
  readonly #host: PickleHost
  #memory: number
  #instructions = 0
  #records = 0
  #stack: Value[] = []
  readonly #marks: Value[][] = []
  /** Values below the last mark. */
  #marked = 0
  readonly #memo = new Map<number, Value>()

  constructor(bytes: Uint8Array, host: PickleHost, location: PickleLocation) {
    const { memory = pickleMemory(bytes.length) } = location
    this.#input = new PickleBytes(bytes, location)
    this.#host = host
    this.#memory = memory
  }

  /** The byte after its end. */
  get end(): number {
    return this.#input.place
  }

  run(): Value {
    for (;;) {
      const code = this.#input.instruction()
      if (code === 0x2e) return this.#stop()
      if (++this.#instructions > MOST_INSTRUCTIONS)
        this.#input.fail(`over ${MOST_INSTRUCTIONS} instructions`)
      this.#step(code)
      if (this.#marked + this.#stack.length > LARGEST_STACK) {
        this.#input.fail(`a stack of over ${LARGEST_STACK} values`)
      }
    }
  }

  #stop(): Value {
    const value = this.#pop()
    if (this.#marks.length > 0 || this.#stack.length > 0)
      this.#input.fail('it ends with values left over')
    return value
  }

  // One case an instruction, named as in pickletools; those missing are not allowed.
  #step(code: number) {
    switch (code) {
      case 0x80: // PROTO
        return this.#protocol()
      case 0x95: // FRAME, a hint for buffering
        this.#input.take(8)
        return
      case 0x28: // MARK
        return this.#mark()
      case 0x30: // POP
        if (this.#stack.length > 0) this.#stack.pop()
        else this.#toMark()
        return
      case 0x31: // POP_MARK
        this.#toMark()
        return
      case 0x4e: // NONE
        return this.#push(null)
      case 0x88: // NEWTRUE
        return this.#push(true)
      case 0x89: // NEWFALSE
        return this.#push(false)
      case 0x4a: // BININT
        return this.#push(this.#input.int32())
      case 0x4b: // BININT1
        return this.#push(this.#input.uint8())
      case 0x4d: // BININT2
        return this.#push(this.#input.uint16())
      case 0x8a: // LONG1
        return this.#push(this.#input.long(this.#input.uint8()))
      case 0x8b: // LONG4
        return this.#push(this.#input.long(this.#input.int32()))
      case 0x47: // BINFLOAT
        return this.#push(this.#input.float64())
      case 0x55: // SHORT_BINSTRING
        return this.#pushText(this.#input.raw(this.#input.uint8()), decodeLatin1)
      case 0x54: // BINSTRING
        return this.#pushText(this.#input.raw(this.#input.int32()), decodeLatin1)
      case 0x8c: // SHORT_BINUNICODE
        return this.#pushText(this.#input.raw(this.#input.uint8()))
      case 0x58: // BINUNICODE
        return this.#pushText(this.#input.raw(this.#input.uint32()))
      case 0x8d: // BINUNICODE8
        return this.#pushText(this.#input.raw(this.#input.size8()))
      case 0x43: // SHORT_BINBYTES
        return this.#push(this.#input.raw(this.#input.uint8()))
      case 0x42: // BINBYTES
        return this.#push(this.#input.raw(this.#input.uint32()))
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return this.#push(this.#input.raw(this.#input.size8()))
      case 0x5d: // EMPTY_LIST
      case 0x8f: // EMPTY_SET
        return this.#push(new List([]))
      case 0x6c: // LIST
      case 0x91: // FROZENSET
        return this.#push(new List(this.#toMark()))
      case 0x61: // APPEND
        return this.#extend([this.#pop()])
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        return this.#extend(this.#toMark())
      case 0x29: // EMPTY_TUPLE
        return this.#push(new Tuple([]))
      case 0x74: // TUPLE
        return this.#push(new Tuple(this.#toMark()))
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#push(new Tuple(this.#popMany(code - 0x84)))
      case 0x7d: // EMPTY_DICT
        return this.#push(new Dictionary())
      case 0x64: {
        // DICT
        const items = this.#toMark()
        this.#push(new Dictionary())
        return this.#setItems(items)
      }
      case 0x73: // SETITEM
        return this.#setItems(this.#popMany(2))
      case 0x75: // SETITEMS
        return this.#setItems(this.#toMark())
      case 0x71: // BINPUT
        return this.#remember(this.#input.uint8())
      case 0x72: // LONG_BINPUT
        return this.#remember(this.#input.uint32())
      case 0x94: // MEMOIZE
        return this.#remember(this.#memo.size)
      case 0x68: // BINGET
        return this.#recall(this.#input.uint8())
      case 0x6a: // LONG_BINGET
        return this.#recall(this.#input.uint32())
      case 0x63: // GLOBAL
        return this.#push(this.#className(this.#input.line(), this.#input.line()))
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.#popMany(2)
        return this.#push(this.#className(module!, name!))
      }
      case 0x52: // REDUCE
        return this.#reduce()
      case 0x81: // NEWOBJ
        return this.#newObject()
      case 0x92: // NEWOBJ_EX, with arguments by name
        this.#pop()
        return this.#newObject()
      case 0x62: // BUILD
        return this.#build()
      case 0x51: // BINPERSID
        return this.#push(this.#host.persistent(this.#pop(), this.#input.offset))
      default:
        this.#input.fail(`the instruction 0x${code.toString(16).padStart(2, '0')} is not allowed`)
    }
  }

  #push(value: Value): void {
    if (typeof value === 'object' && value !== null) {
      if (++this.#records > MOST_RECORDS) {
        this.#input.fail(`over ${MOST_RECORDS} lists, dictionaries and the like`)
      }
      this.#spend(value instanceof Dictionary ? DICTIONARY_BYTES : RECORD_BYTES)
    }
    this.#stack.push(value)
  }

  #pushText(bytes: Uint8Array, decode?: (bytes: Uint8Array) => string): void {
    if (decode && bytes.length > LONGEST_TEXT) this.#push(bytes)
    else {
      this.#spend(TEXT_BYTES + 2 * bytes.length)
      this.#push(decode ? decode(bytes) : decoder.decode(bytes))
    }
  }

  #spend(bytes: number): void {
    this.#memory -= bytes
    if (this.#memory < 0) {
      this.#input.fail('its values would take far more memory than a file of its size may need')
    }
  }

  #pop(): Value {
    if (this.#stack.length === 0) this.#input.fail('it takes a value where there is none')
    return this.#stack.pop()!
  }

  #popMany(count: number): Value[] {
    if (this.#stack.length < count)
      this.#input.fail(`it takes ${count} values where there are fewer`)
    return this.#stack.splice(this.#stack.length - count)
  }

  #mark(): void {
    if (this.#marks.length >= DEEPEST_NESTING)
      this.#input.fail(`nested deeper than ${DEEPEST_NESTING}`)
    this.#spend(RECORD_BYTES)
    this.#marked += this.#stack.length
    this.#marks.push(this.#stack)
    this.#stack = []
  }

  #toMark(): Value[] {
    const items = this.#stack
    this.#spend(ELEMENT_BYTES * items.length)
    this.#stack = this.#marks.pop() ?? this.#input.fail('it goes back to a mark that was not set')
    this.#marked -= this.#stack.length
    return items
  }

  #top(): Value {
    if (this.#stack.length === 0) this.#input.fail('it changes a value where there is none')
    return this.#stack[this.#stack.length - 1]!
  }

  #protocol(): void {
    const version = this.#input.uint8()
    if (version > 5) this.#input.fail(`protocol ${version}; up to 5 is known`)
  }

  #className(module: Value, name: Value): ClassName {
    if (typeof module !== 'string' || typeof name !== 'string')
      this.#input.fail('a name that is no text')
    // Before they are joined: a file can recall one long text from its memo, over and over.
    if (module.length > LONGEST_NAME || name.length > LONGEST_NAME) {
      this.#input.fail(`a name of over ${LONGEST_NAME} letters`)
    }
    this.#spend(2 * (module.length + name.length))
    return new ClassName(`${module}.${name}`, this.#input.offset)
  }

  #extend(items: Value[]): void {
    const target = this.#top()
    // Of a class derived from a list (a deque) the items are of no use here.
    if (target instanceof Instance) return
    if (!(target instanceof List)) this.#input.fail('it appends to what is no list')
    this.#spend(ELEMENT_BYTES * items.length)
    for (const item of items) target.items.push(item)
  }

  #setItems(items: Value[]): void {
    const target = this.#top()
    // A state dict may be of a class derived from a dictionary.
    if (target instanceof Instance) target.items ??= new Dictionary()
    const dictionary = target instanceof Instance ? target.items : target
    if (!(dictionary instanceof Dictionary))
      this.#input.fail('it sets items of what is no dictionary')
    if (items.length % 2 !== 0) this.#input.fail('a key without a value')
    this.#spend((ENTRY_BYTES * items.length) / 2)
    for (let i = 0; i < items.length; i += 2) dictionary.entries.set(items[i]!, items[i + 1]!)
  }

  #remember(index: number): void {
    if (this.#memo.size >= LARGEST_MEMO) this.#input.fail(`a memo of over ${LARGEST_MEMO} values`)
    this.#spend(ENTRY_BYTES)
    this.#memo.set(index, this.#top())
  }

  #recall(index: number): void {
    const value = this.#memo.get(index)
    if (value === undefined) this.#input.fail(`it recalls value ${index}, which was not remembered`)
    this.#stack.push(value)
  }

  #reduce(): void {
    const [target, args] = this.#popMany(2)
    const isCallable = target instanceof ClassName || target instanceof Instance
    if (!isCallable || !(args instanceof Tuple)) this.#input.fail('it calls what is no name')
    const offset = this.#input.offset
    // What was itself made by a call (a method, a function of a function) is as unknown as that.
    if (target instanceof Instance) {
      this.#push(new Instance(target.className, args.items, target.refusal))
      return
    }
    this.#push(this.#host.call(target, args.items, offset, (bytes) => this.#spend(bytes)))
  }

  #newObject(): void {
    const [target, args] = this.#popMany(2)
    if (!(target instanceof ClassName) || !(args instanceof Tuple)) {
      this.#input.fail('it makes an object of what is no class')
    }
    // Nothing is constructed: the object is its class's name until attributes are set.
    this.#push(new Instance(target.name, args.items))
  }

  #build(): void {
    const state = this.#pop()
    const target = this.#top()
    if (target instanceof Instance) {
      target.state = state
      return
    }
    // An ordered dictionary carries attributes too (state dicts have `_metadata`); they are not needed.
    if (typeof target === 'object' && target !== null) return
    this.#input.fail('it sets attributes of what is no object')
  }
}
