// The WebAssembly module with the loops over pixels (kernels/*.as): one instance a thread, made at
// its first use, the same in Node and in browsers. Its memory is laid out by whoever calls it: the
// decoder from `base` on, with the decoded picture left there; what works on that picture above it.

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
  /** Where the memory that callers may use begins. */
  static readonly base = 4096
  readonly exports: PixelExports
  /** First byte above the picture that the decoder left. */
  held = PixelModule.base

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
