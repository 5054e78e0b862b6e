// Reads the pickles that the Python versions of CIFAR-10 and CIFAR-100 come in, and nothing else. A pickle is a
// program for a small stack machine and may name any Python function to be called: here only the
// five names that an array of bytes needs are known, each built by code below, nothing is imported
// or executed, and any other opcode or name is an error with its byte offset. Memory is bounded by
// the file, since every value is backed by bytes in it.
//
// Understood: protocol 2 as Python 2's numpy wrote it (the original files), and protocols 2 to 5 as
// Python 3's numpy 1 and 2 write the same dictionaries.

/** What such a pickle holds. Python's byte strings come as `Uint8Array`, its text as `string`. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | PickleValue[]
  | Map<string, PickleValue>
  | ByteArray
  | PickleGlobal

/** A numpy array of unsigned bytes, in C order. */
export interface ByteArray {
  kind: 'array'
  shape: number[]
  data: Uint8Array
}

/** An allowed name, on the stack until it is called; or numpy's dtype, once made. */
interface PickleGlobal {
  kind: 'global'
  name: string
}

const numpyModule = /^numpy\.(_?core)\.(multiarray|numeric)$/

/**
 * Reads one pickle.
 * @param path Named in errors.
 * @throws Error with the path and byte offset of whatever is not understood or not allowed.
 */
export function readPickle(bytes: Uint8Array, path: string): PickleValue {
  return new PickleReader(bytes, path).read()
}

/** A dictionary's text or byte-string keys as text: Python 2 did not tell them apart. */
export function textOf(value: PickleValue | undefined): string | undefined {
  if (typeof value === 'string') return value
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : undefined
}

class PickleReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #path: string
  readonly #memo = new Map<number, PickleValue>()
  readonly #marks: number[] = []
  readonly #stack: PickleValue[] = []
  #at = 0
  #encoded = 0
  /** Where the opcode being read began, for errors. */
  #opcodeAt = 0

  constructor(bytes: Uint8Array, path: string) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#path = path
  }

  read(): PickleValue {
    for (;;) {
      this.#opcodeAt = this.#at
      const opcode = this.#byte()
      if (opcode === 0x2e) return this.#pop() // STOP
      this.#step(opcode)
    }
  }

  #step(opcode: number): void {
    const stack = this.#stack
    switch (opcode) {
      case 0x80: {
        // PROTO
        const protocol = this.#byte()
        if (protocol < 2 || protocol > 5) this.#fail(`protocol ${protocol} is not 2 to 5`)
        return
      }
      case 0x95: // FRAME
        this.#size(8)
        return
      case 0x28: // MARK
        this.#marks.push(stack.length)
        return
      case 0x4e: // NONE
        stack.push(null)
        return
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        stack.push(opcode === 0x88)
        return
      case 0x4b: // BININT1
        stack.push(this.#byte())
        return
      case 0x4d: // BININT2
        stack.push(this.#size(2))
        return
      case 0x4a: // BININT
        stack.push(this.#view.getInt32(this.#take(4), true))
        return
      case 0x8a: // LONG1, by which Python 2 on Windows wrote shapes
        stack.push(this.#long(this.#size(1)))
        return
      case 0x55: // SHORT_BINSTRING
      case 0x43: // SHORT_BINBYTES
        stack.push(this.#slice(this.#size(1)))
        return
      case 0x54: // BINSTRING
      case 0x42: // BINBYTES
        stack.push(this.#slice(this.#size(4)))
        return
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        stack.push(this.#slice(this.#size(8)))
        return
      case 0x8c: // SHORT_BINUNICODE
        stack.push(this.#text(this.#size(1)))
        return
      case 0x58: // BINUNICODE
        stack.push(this.#text(this.#size(4)))
        return
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        stack.push([])
        return
      case 0x7d: // EMPTY_DICT
        stack.push(new Map())
        return
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        stack.push(this.#popMany(opcode - 0x84))
        return
      case 0x74: // TUPLE
        stack.push(this.#popToMark())
        return
      case 0x61: {
        // APPEND
        const item = this.#pop()
        this.#list().push(item)
        return
      }
      case 0x65: {
        // APPENDS
        const items = this.#popToMark()
        const list = this.#list()
        for (const item of items) list.push(item)
        return
      }
      case 0x73: // SETITEM
        this.#setItems(this.#popMany(2))
        return
      case 0x75: // SETITEMS
        this.#setItems(this.#popToMark())
        return
      case 0x71: // BINPUT
        this.#memo.set(this.#byte(), this.#top())
        return
      case 0x72: // LONG_BINPUT
        this.#memo.set(this.#size(4), this.#top())
        return
      case 0x94: // MEMOIZE
        this.#memo.set(this.#memo.size, this.#top())
        return
      case 0x68: // BINGET
        stack.push(this.#remembered(this.#byte()))
        return
      case 0x6a: // LONG_BINGET
        stack.push(this.#remembered(this.#size(4)))
        return
      case 0x63: // GLOBAL
        stack.push(this.#global(this.#line(), this.#line()))
        return
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.#popMany(2)
        stack.push(this.#global(textOf(module) ?? '?', textOf(name) ?? '?'))
        return
      }
      case 0x52: {
        // REDUCE
        const [callable, values] = this.#popMany(2)
        if (!isGlobal(callable) || !Array.isArray(values)) this.#fail('calls what is no function')
        stack.push(this.#call(callable.name, values))
        return
      }
      case 0x62: {
        // BUILD
        const state = this.#pop()
        this.#build(this.#top(), state)
        return
      }
      default:
        this.#fail(`opcode 0x${opcode.toString(16).padStart(2, '0')} has no place in a CIFAR file`)
    }
  }

  /** Numpy's functions for an array of bytes, and the one by which Python 3 writes bytes as text. */
  #global(module: string, name: string): PickleGlobal {
    const known =
      (numpyModule.test(module) && (name === '_reconstruct' || name === '_frombuffer')) ||
      (module === 'numpy' && (name === 'ndarray' || name === 'dtype')) ||
      (module === '_codecs' && name === 'encode')
    if (!known) this.#fail(`names ${module}.${name}, which is not allowed`)
    return { kind: 'global', name }
  }

  #call(name: string, values: PickleValue[]): PickleValue {
    switch (name) {
      case '_reconstruct': // (ndarray, (0,), b'b'): an empty array, filled by BUILD
        return { kind: 'array', shape: [0], data: new Uint8Array(0) }
      case 'dtype':
        if (textOf(values[0]) !== 'u1') this.#fail('holds an array of another type than bytes (u1)')
        return { kind: 'global', name: 'u1' }
      case '_frombuffer': {
        // (buffer, dtype, shape, order)
        const [data, dtype, shape, order] = values
        return this.#array(shape, dtype, textOf(order) === 'F', data)
      }
      case 'encode': {
        const text = values[0]
        if (typeof text !== 'string' || values[1] !== 'latin1')
          this.#fail('encodes other than latin1')
        // The one call that copies: without a bound, a small file could ask for it many times.
        this.#encoded += text.length
        if (this.#encoded > this.#bytes.length) this.#fail('encodes more bytes than it has')
        return new Uint8Array(Buffer.from(text, 'latin1'))
      }
      default:
        return this.#fail(`calls ${name}, which is no function`)
    }
  }

  #build(target: PickleValue, state: PickleValue): void {
    if (isGlobal(target) && target.name === 'u1') return // byte order and the like: none for bytes
    if (!isArray(target) || !Array.isArray(state)) this.#fail('fills what is no array')
    const [, shape, dtype, columnsFirst, data] = state // (version, shape, dtype, is Fortran, bytes)
    const { shape: checked, data: bytes } = this.#array(shape, dtype, columnsFirst === true, data)
    target.shape = checked
    target.data = bytes
  }

  #array(
    shape: PickleValue | undefined,
    dtype: PickleValue | undefined,
    columnsFirst: boolean,
    data: PickleValue | undefined,
  ): ByteArray {
    if (!isGlobal(dtype) || dtype.name !== 'u1')
      this.#fail('holds an array of another type than bytes')
    if (columnsFirst) this.#fail('holds an array in Fortran order; save it in C order')
    if (!Array.isArray(shape) || !(data instanceof Uint8Array)) this.#fail('holds a broken array')
    const sizes = shape.map((size) => (typeof size === 'number' ? size : Number.NaN))
    if (sizes.reduce((product, size) => product * size, 1) !== data.length) {
      this.#fail(`holds an array of shape [${sizes}] with ${data.length} bytes`)
    }
    return { kind: 'array', shape: sizes, data }
  }

  #setItems(items: PickleValue[]): void {
    const target = this.#top()
    if (!(target instanceof Map)) this.#fail('sets items of what is no dictionary')
    for (let at = 0; at + 1 < items.length; at += 2) {
      const key = textOf(items[at])
      if (key === undefined) this.#fail('has a dictionary key that is no text')
      target.set(key, items[at + 1]!)
    }
  }

  #list(): PickleValue[] {
    const list = this.#top()
    if (!Array.isArray(list)) this.#fail('appends to what is no list')
    return list
  }

  #remembered(key: number): PickleValue {
    const value = this.#memo.get(key)
    if (value === undefined) this.#fail(`refers to value ${key}, which was not stored`)
    return value
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1)
    if (value === undefined) this.#fail('takes from an empty stack')
    return value
  }

  #pop(): PickleValue {
    const value = this.#top()
    this.#stack.pop()
    return value
  }

  #popMany(count: number): PickleValue[] {
    if (this.#stack.length < count) this.#fail('takes from an empty stack')
    return this.#stack.splice(this.#stack.length - count)
  }

  #popToMark(): PickleValue[] {
    const mark = this.#marks.pop()
    if (mark === undefined || mark > this.#stack.length) this.#fail('has no mark to go back to')
    return this.#stack.splice(mark)
  }

  #byte(): number {
    return this.#bytes[this.#take(1)]!
  }

  /** An unsigned little-endian number of 1, 2, 4 or 8 bytes. */
  #size(length: 1 | 2 | 4 | 8): number {
    const at = this.#take(length)
    if (length === 1) return this.#view.getUint8(at)
    if (length === 2) return this.#view.getUint16(at, true)
    if (length === 4) return this.#view.getUint32(at, true)
    return Number(this.#view.getBigUint64(at, true))
  }

  /** A signed little-endian number. */
  #long(length: number): number {
    if (length > 6) this.#fail(`has a number of ${length} bytes`)
    const bytes = this.#slice(length)
    const value = bytes.reduceRight((sum, byte) => sum * 256 + byte, 0)
    return length > 0 && bytes[length - 1]! >= 128 ? value - 256 ** length : value
  }

  #slice(length: number): Uint8Array {
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  #text(length: number): string {
    return Buffer.from(this.#slice(length)).toString('utf8')
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at)
    if (end < 0) this.#fail('is cut off')
    return Buffer.from(this.#slice(end + 1 - this.#at))
      .toString('latin1')
      .trimEnd()
  }

  #take(length: number): number {
    const at = this.#at
    if (length > this.#bytes.length - at) this.#fail('is cut off')
    this.#at += length
    return at
  }

  #fail(problem: string): never {
    throw new Error(
      `${this.#path}: ${problem} (at byte ${this.#opcodeAt}); get the CIFAR file anew or use the binary version`,
    )
  }
}

function isGlobal(value: PickleValue | undefined): value is PickleGlobal {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'global'
}

function isArray(value: PickleValue | undefined): value is ByteArray {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'array'
}
