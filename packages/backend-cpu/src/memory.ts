// The one WebAssembly memory in which float32 tensors live, and its allocator. Blocks are rounded to 64
// bytes (a cache line), handed out best-fit and merged with their free neighbours when they come back;
// a training step asks for the same sizes every time, so the memory stops growing after the first. It
// is never given back to the system: its size is the high-water mark.

import { OutOfMemoryError } from '@alexnet/backend'

const PAGE_BYTES = 65536
const ALIGNMENT = 64
/** Bytes at the start that belong to the parameters and the threads' control words. */
export const RESERVED_BYTES = 16384
/** Kernels may read a few floats past a block's end, so the last bytes are never handed out. */
const SLACK_BYTES = 256
/** WebAssembly's limit with 32-bit addresses. */
export const maximumMemoryBytes = 65536 * PAGE_BYTES

export interface MemoryOptions {
  /** Whether threads share it; needs SharedArrayBuffer. */
  shared: boolean
  /** Most bytes that the memory may grow to. Default and maximum 4 GiB. */
  maximumBytes?: number
}

interface FreeBlock {
  address: number
  bytes: number
}

export class TensorMemory {
  readonly wasm: WebAssembly.Memory
  readonly shared: boolean
  readonly maximumBytes: number
  bytesInUse = 0
  #sizes = new Map<number, number>()
  #free: FreeBlock[] = []
  #buffers = new WeakSet<ArrayBufferLike>()
  #floats: Float32Array
  #end: number

  constructor({ shared, maximumBytes = maximumMemoryBytes }: MemoryOptions) {
    const maximum = Math.floor(Math.min(maximumBytes, maximumMemoryBytes) / PAGE_BYTES)
    const initial = 16
    if (!(maximum >= initial)) {
      throw new RangeError(
        `memory limit of ${maximumBytes} bytes: give at least ${initial * PAGE_BYTES} bytes`,
      )
    }
    // The declared maximum must be the module's; the option's is kept by allocate.
    this.wasm = new WebAssembly.Memory({ initial, maximum: 65536, shared })
    this.shared = shared
    this.maximumBytes = maximum * PAGE_BYTES
    this.#end = initial * PAGE_BYTES
    this.#free = [{ address: RESERVED_BYTES, bytes: this.#end - RESERVED_BYTES - SLACK_BYTES }]
    this.#floats = new Float32Array(this.wasm.buffer)
    this.#buffers.add(this.wasm.buffer)
  }

  /** Bytes taken from the system so far: the high-water mark. */
  get bytesReserved(): number {
    return this.#end
  }

  /**
   * A block of at least `bytes` bytes, not cleared.
   * @param purpose what it is for, named when the memory is at its limit
   */
  allocate(bytes: number, purpose: () => string): number {
    const size = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT)
    const index = this.#bestFit(size)
    const chosen = index >= 0 ? index : this.#grow(size, bytes, purpose)
    const block = this.#free[chosen]!
    const { address } = block
    block.address += size
    block.bytes -= size
    if (block.bytes === 0) this.#free.splice(chosen, 1)
    this.#sizes.set(address, size)
    this.bytesInUse += size
    return address
  }

  free(address: number): void {
    const bytes = this.#sizes.get(address)
    if (bytes === undefined) throw new Error(`address ${address} is not an allocated block`)
    this.#sizes.delete(address)
    this.bytesInUse -= bytes
    this.#release(address, bytes)
  }

  /** The floats of a block. Goes stale when a memory that is not shared grows: do not keep it. */
  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.wasm.buffer, address, length)
  }

  /** The bytes of a block. Goes stale as `floats` does. */
  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.wasm.buffer, address, length)
  }

  /** The whole memory as floats, indexed by address / 4. Do not keep it across an allocation. */
  get all(): Float32Array {
    if (this.#floats.buffer !== this.wasm.buffer) this.#floats = new Float32Array(this.wasm.buffer)
    return this.#floats
  }

  /** Whether a buffer is (or was, before growing) this memory's. */
  owns(buffer: ArrayBufferLike): boolean {
    return this.#buffers.has(buffer)
  }

  #bestFit(size: number): number {
    let best = -1
    let bestBytes = Number.POSITIVE_INFINITY
    for (let index = 0; index < this.#free.length; index++) {
      const { bytes } = this.#free[index]!
      if (bytes >= size && bytes < bestBytes) {
        best = index
        bestBytes = bytes
        if (bytes === size) break
      }
    }
    return best
  }

  /** Grows by at least `size` bytes; the index of the free block that now fits. */
  #grow(size: number, bytes: number, purpose: () => string): number {
    const last = this.#free.at(-1)
    const tail = last && last.address + last.bytes === this.#end - SLACK_BYTES ? last.bytes : 0
    const least = Math.ceil((size - tail) / PAGE_BYTES)
    const room = (this.maximumBytes - this.#end) / PAGE_BYTES
    const wanted = Math.min(room, Math.max(least, Math.min(this.#end / 4, 2 ** 26) / PAGE_BYTES))
    const grown = least <= room && (this.#tryGrow(Math.floor(wanted)) || this.#tryGrow(least))
    if (!grown) {
      throw new OutOfMemoryError(
        `${purpose()} needs ${megabytes(bytes)}, but ${megabytes(this.bytesInUse)} of at most ` +
          `${megabytes(this.maximumBytes)} are in use. Dispose tensors (tf.tidy), make the batch ` +
          'smaller, or raise memoryLimit if it was set.',
      )
    }
    return this.#free.length - 1
  }

  #tryGrow(pages: number): boolean {
    try {
      this.wasm.grow(pages)
    } catch {
      return false
    }
    const start = this.#end - SLACK_BYTES
    this.#end += pages * PAGE_BYTES
    this.#buffers.add(this.wasm.buffer)
    this.#release(start, pages * PAGE_BYTES)
    return true
  }

  /** Puts a range into the free list, sorted by address and merged with its neighbours. */
  #release(address: number, bytes: number): void {
    let low = 0
    let high = this.#free.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#free[middle]!.address < address) low = middle + 1
      else high = middle
    }
    const before = this.#free[low - 1]
    const after = this.#free[low]
    const joinsBefore = before !== undefined && before.address + before.bytes === address
    const joinsAfter = after !== undefined && address + bytes === after.address
    if (joinsBefore) {
      before.bytes += bytes
      if (joinsAfter) {
        before.bytes += after.bytes
        this.#free.splice(low, 1)
      }
    } else if (joinsAfter) {
      after.address = address
      after.bytes += bytes
    } else {
      this.#free.splice(low, 0, { address, bytes })
    }
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)} MB`
}
