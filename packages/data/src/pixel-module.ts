// The WebAssembly module with the loops over pixels (kernels/*.as): one instance a thread, made at
// its first use, the same in Node and in browsers. Its memory is laid out by whoever calls it: the
// decoder from `base` on, with the decoded picture left there; what works on that picture above it, and
// results above that while they are lent.

import { pixels } from './generated/pixels.ts'

/** The module's functions; kernels/*.as say what they do. */
export interface PixelExports {
  readonly memory: WebAssembly.Memory
  decodeScan(parameters: number): number
  convertRows(parameters: number): void
  resampleRows(...values: number[]): void
  resampleColumns(...values: number[]): void
}

/** An instance and its memory. */
export class PixelModule {
  /** Where the decoder's Huffman tables lie, how long each is, and how many: as many as one picture may have. */
  static readonly tables = 4096
  static readonly tableBytes = 1424 + 4096 + 8192
  static readonly mostTables = 8
  /** Where the memory that callers may use begins. */
  static readonly base = PixelModule.tables + PixelModule.mostTables * PixelModule.tableBytes
  readonly exports: PixelExports
  /** First byte above the pictures that were left. */
  held = PixelModule.base
  /** Where what is lent begins; undefined where results are copied to arrays of their own. */
  #lending: number | undefined

  constructor() {
    const binary = Uint8Array.from(atob(pixels), (character) => character.charCodeAt(0))
    const instance = new WebAssembly.Instance(new WebAssembly.Module(binary), {
      env: {
        abort() {
          throw new Error('the pixel module stopped')
        },
      },
    })
    this.exports = instance.exports as unknown as PixelExports
  }

  get buffer(): ArrayBuffer {
    return this.exports.memory.buffer as ArrayBuffer
  }

  /**
   * Lets results lie on the memory while `work` goes on, which must be done with them when it returns: pictures of so
   * many bytes a second, each an array of its own, keep the garbage collector busy.
   */
  lend(work: () => void): void {
    this.#lending = this.held
    try {
      work()
    } finally {
      this.held = this.#lending
      this.#lending = undefined
    }
  }

  /** The bytes of a result, on the memory where results are lent. */
  result(start: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.buffer, start, length)
    if (this.#lending === undefined) return bytes.slice()
    this.held = start + ((length + 47) & ~15)
    return bytes
  }

  /** Whether growing the memory would take away what was lent. */
  get hasLent(): boolean {
    return this.#lending !== undefined && this.held > this.#lending
  }

  /** Makes sure that memory reaches to `end`; growing it detaches views of it. */
  reserve(end: number): void {
    const missing = end - this.buffer.byteLength
    if (missing > 0) this.exports.memory.grow(Math.ceil(missing / 65536))
  }

  /** Whether memory reaches to `end` already. */
  reaches(end: number): boolean {
    return end <= this.buffer.byteLength
  }
}

let instance: PixelModule | undefined

/** This thread's instance. */
export function pixelModule(): PixelModule {
  instance ??= new PixelModule()
  return instance
}
