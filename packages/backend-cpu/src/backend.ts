// The tfjs backend: tfjs's own cpu backend with another storage under it, so that every tfjs kernel
// still works. A tensor's values are either a JavaScript array, as tfjs's kernels make them, or a block
// of the WebAssembly memory, as ours make them (float32, and booleans as bytes); one of ours that meets a
// JavaScript array moves it into the memory once, and tfjs's kernels see a block as a typed array over it.
//
// Rules that keep this safe. Only our kernels and `write` allocate, never a kernel of tfjs's, so a view
// cannot go stale under one when a memory that is not shared grows: what waits to be computed (`Later`) is,
// before a kernel of tfjs's runs that it is given to. What leaves the storage (readSync) is
// a copy, so that a tensor does not follow what is done with it; a view of the memory that comes in (tfjs's
// slice returns subarrays) is copied, because a block is used again after its tensor is disposed.

import { BackendStoppedError } from '@alexnet/backend'
import type { DeviceMemory } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import type { Engine } from './engine.ts'

type Values = tf.backend_util.BackendValues

/** What tfjs's storage keeps of a tensor; its kernels read `values`. */
export interface TensorEntry {
  values: Values
  dtype: tf.DataType
  refCount: number
  complexTensorInfos?: { real: tf.TensorInfo; imag: tf.TensorInfo }
}

/** The part of tfjs's MathBackendCPU that is built on here. */
interface CpuBackend extends tf.KernelBackend {
  data: tf.DataStorage<TensorEntry>
  makeTensorInfo(shape: number[], dtype: tf.DataType, values?: Values | string[]): tf.TensorInfo
  bufferSync(info: tf.TensorInfo): object
  disposeIntermediateTensorInfo(info: tf.TensorInfo): void
}

export interface AlexNetCpuBackend extends CpuBackend {
  memory(): DeviceMemory
  readonly engine: Engine
  /** Whether it was disposed of, by tf.removeBackend or tf.engine().reset(): it makes no more tensors. */
  readonly ended: boolean
  /** Address of a float32 tensor's values, moved into the memory if they are not there. */
  address(info: tf.TensorInfo): number
  /** A new float32 tensor that is computed when something asks for its values, if anything does. */
  later(shape: number[], operation: string, how: Later): tf.TensorInfo
  /** How a tensor that is not yet computed would be; undefined where it is. */
  notYet(info: tf.TensorInfo): Later | undefined
  /** Computes those that are not yet: a kernel of tfjs's is about to hold views of the memory, which must not grow under it. */
  compute(infos: readonly tf.TensorInfo[]): void
  /** A new float32 tensor in the memory, or a boolean one of a byte an element; its values are not cleared. */
  allocate(
    shape: number[],
    operation: string,
    dtype?: 'float32' | 'bool',
  ): { info: tf.TensorInfo; address: number }
  /** Address of a boolean tensor's bytes, moved into the memory if they are not there; undefined if they are floats there. */
  bytes(info: tf.TensorInfo): number | undefined
  /**
   * Address of something made from a tensor's values for faster use, kept with the tensor until it is
   * disposed or changed.
   * @param make writes it at an address
   */
  prepared(
    info: tf.TensorInfo,
    kind: string,
    bytes: number,
    make: (address: number) => void,
  ): number
  /** Drops what was prepared from a tensor, because its values are about to change in place. */
  changed(info: tf.TensorInfo): void
  /** Runs a kernel; if it throws, gives back what it had allocated. */
  undoOnError<T>(kernel: () => T): T
  /** Another tensor of the same values under another shape, as Reshape makes one. */
  share(info: tf.TensorInfo, shape: number[]): tf.TensorInfo
}

/** How values that nobody has asked for yet are computed: as they are, or in the form in which they are used. */
export interface Later {
  /** The tensors that they are made of; the values of those stay while these wait. */
  of: readonly tf.TensorInfo[]
  /** Writes them at an address. */
  compute(address: number): void
  /** Writes max(0, value) instead. */
  rectified?(address: number): void
  /** Writes 0 instead of the values where this tensor of ReLU's output is not above 0. */
  through?: { relu: tf.TensorInfo; compute(address: number): void }
  /** A matrix of which any rows can be had, from row `first` on: the optimiser takes gradients of large ones in parts. */
  parts?: {
    rows: number
    columns: number
    compute(address: number, first: number, count: number): void
  }
}

class Entry implements TensorEntry {
  dtype: tf.DataType
  refCount: number
  complexTensorInfos?: { real: tf.TensorInfo; imag: tf.TensorInfo }
  length = 0
  /** Whether what lies in the memory are booleans, a byte each. */
  isBytes = false
  prepared: Map<string, number> | undefined
  #address = 0
  #later: { how: Later; what: () => string; of: readonly Entry[] } | undefined
  /** Those that wait and are made of this one's values. */
  #waiting: Set<Entry> | undefined
  #isReleased = false
  #engine: Engine
  #values: Values | undefined

  constructor(engine: Engine, dtype: tf.DataType, refCount: number, values: Values | undefined) {
    this.#engine = engine
    this.dtype = dtype
    this.refCount = refCount
    this.#values = values
  }

  /** Of its values in the memory; 0 while they are a JavaScript array. Computes what waits. */
  get address(): number {
    if (this.#later) {
      const { how, what } = this.#later
      const { memory } = this.#engine
      const address = memory.allocate(this.length * 4, what)
      try {
        how.compute(address)
      } catch (error) {
        memory.free(address)
        throw error
      }
      this.#forget()
      this.#address = address
    }
    return this.#address
  }

  get inMemory(): boolean {
    return this.#address !== 0 || this.#later !== undefined
  }

  get later(): Later | undefined {
    return this.#later?.how
  }

  /** Makes it one of `length` numbers that are computed when it is asked for them. */
  wait(length: number, what: () => string, how: Later, of: readonly Entry[]): void {
    this.length = length
    this.#later = { how, what, of }
    for (const entry of of) {
      entry.#waiting ??= new Set()
      entry.#waiting.add(this)
    }
  }

  /** Computes what is made of its values, which are about to change. */
  settle(): void {
    for (const entry of this.#waiting ?? []) void entry.address
  }

  /** Waits no more: values that stayed for it alone are given back. */
  #forget(): void {
    for (const entry of this.#later?.of ?? []) {
      entry.#waiting?.delete(this)
      if (entry.#isReleased && entry.#waiting?.size === 0) entry.#free()
    }
    this.#later = undefined
  }

  get values(): Values {
    if (this.address === 0) return this.#values as Values
    const values = this.#values as Float32Array | Uint8Array | undefined
    // A view over a buffer that the memory has outgrown: stale when not shared, slow to index if shared.
    if (values === undefined || values.buffer !== this.#engine.memory.wasm.buffer) {
      const { memory } = this.#engine
      this.#values = this.isBytes
        ? memory.bytes(this.address, this.length)
        : memory.floats(this.address, this.length)
    }
    return this.#values as Values
  }

  set values(values: Values) {
    this.settle()
    this.release()
    this.#isReleased = false
    this.#values = values
  }

  /** Makes a block of the memory this entry's storage. */
  place(address: number, length: number, isBytes = false): void {
    this.#address = address
    this.length = length
    this.isBytes = isBytes
    this.#values = undefined
  }

  dropPrepared(): void {
    for (const address of this.prepared?.values() ?? []) this.#engine.memory.free(address)
    this.prepared = undefined
  }

  release(): void {
    this.dropPrepared()
    this.#forget()
    this.#isReleased = true
    if (!this.#waiting?.size) this.#free()
  }

  #free(): void {
    if (this.#address !== 0) this.#engine.memory.free(this.#address)
    this.#address = 0
    this.#values = undefined
  }
}

/** Makes a backend instance; the base class is only reachable through tfjs's registry. */
export function createBackend(name: string, engine: Engine): AlexNetCpuBackend {
  const stock = tf.findBackendFactory('cpu')() as CpuBackend
  const Base = stock.constructor as new () => CpuBackend
  const { memory } = engine
  let nextId = 0

  class Backend extends Base implements AlexNetCpuBackend {
    readonly engine = engine
    ended = false
    /** Tensors that the kernel under way has made. */
    #made: tf.TensorInfo[] = []

    override write(values: Values, shape: number[], dtype: tf.DataType): object {
      const numbers = values as Float32Array
      // tf.tensor(array) must not follow later changes of the array, so a copy is taken here.
      if (dtype === 'float32' && numbers instanceof Float32Array && numbers.length >= 64) {
        const { info, address } = this.allocate(shape, 'tf.tensor')
        memory.floats(address, numbers.length).set(numbers)
        return info.dataId
      }
      return this.#store(ArrayBuffer.isView(values) ? numbers.slice() : values, dtype)
    }

    override makeTensorInfo(shape: number[], dtype: tf.DataType, values?: Values | string[]) {
      if (dtype === 'string' && values && values.length > 0 && typeof values[0] === 'string') {
        const encoded = (values as string[]).map((text) => tf.util.encodeString(text))
        return { dataId: this.#store(encoded, dtype), shape, dtype }
      }
      const view = values as Float32Array | undefined
      const borrowed = ArrayBuffer.isView(view) && memory.owns(view.buffer)
      const own = borrowed ? (view.slice() as Values) : (values as Values | undefined)
      return { dataId: this.#store(own, dtype), shape, dtype }
    }

    override move(
      dataId: object,
      values: Values,
      _shape: number[],
      dtype: tf.DataType,
      refCount: number,
    ) {
      this.data.set(dataId, new Entry(engine, dtype, refCount, values))
    }

    override readSync(dataId: object): Values {
      return (super.readSync(dataId) as Float32Array | undefined)?.slice() as Values
    }

    /** What tfjs's kernels look into, and leave as it is: no copy. */
    override bufferSync(info: tf.TensorInfo): object {
      if (info.dtype === 'string') return super.bufferSync(info)
      return tf.buffer(info.shape, info.dtype, super.readSync(info.dataId) as Float32Array)
    }

    override disposeData(dataId: object, force = false): boolean {
      if (!this.data.has(dataId)) return true
      const entry = this.data.get(dataId) as Entry
      const disposed = super.disposeData(dataId, force)
      if (disposed) entry.release()
      return disposed
    }

    override memory() {
      // Of WebAssembly memory: tensors and scratch; the most that was ever needed at once, and a margin.
      const { bytesInUse: numBytesInUse, bytesReserved: numBytesReserved } = memory
      return { unreliable: false, numBytesInUse, numBytesReserved }
    }

    override dispose(): void {
      this.ended = true
      engine.stop()
    }

    address(info: tf.TensorInfo): number {
      const entry = this.data.get(info.dataId) as Entry
      if (entry.inMemory && !entry.isBytes) return entry.address
      const { length } = entry.values as Float32Array
      const address = memory.allocate(length * 4, () => `a tensor [${info.shape}]`)
      memory.floats(address, length).set(entry.values as Float32Array)
      // Booleans that tfjs's cast has given on as numbers.
      if (entry.inMemory) memory.free(entry.address)
      entry.place(address, length)
      return address
    }

    bytes(info: tf.TensorInfo): number | undefined {
      const entry = this.data.get(info.dataId) as Entry
      if (entry.inMemory) return entry.isBytes ? entry.address : undefined
      const values = entry.values as Uint8Array
      const address = memory.allocate(values.length, () => `a tensor [${info.shape}]`)
      memory.bytes(address, values.length).set(values)
      entry.place(address, values.length, true)
      return address
    }

    allocate(shape: number[], operation: string, dtype: 'float32' | 'bool' = 'float32') {
      const length = tf.util.sizeFromShape(shape)
      const bytes = dtype === 'bool' ? length : length * 4
      const address = memory.allocate(bytes, () => `${operation}: its result [${shape}]`)
      let dataId: object
      try {
        dataId = this.#store(undefined, dtype)
      } catch (error) {
        memory.free(address)
        throw error
      }
      const entry = this.data.get(dataId) as Entry
      entry.place(address, length, dtype === 'bool')
      const info = { dataId, shape, dtype }
      this.#made.push(info)
      return { info, address }
    }

    later(shape: number[], operation: string, how: Later): tf.TensorInfo {
      const dataId = this.#store(undefined, 'float32')
      const entries = how.of.map(({ dataId: each }) => this.data.get(each) as Entry)
      const what = () => `${operation}: its result [${shape}]`
      const entry = this.data.get(dataId) as Entry
      entry.wait(tf.util.sizeFromShape(shape), what, how, entries)
      const info = { dataId, shape, dtype: 'float32' as const }
      this.#made.push(info)
      return info
    }

    notYet(info: tf.TensorInfo): Later | undefined {
      return (this.data.get(info.dataId) as Entry).later
    }

    compute(infos: readonly tf.TensorInfo[]): void {
      for (const { dataId } of infos) void (this.data.get(dataId) as Entry).address
    }

    prepared(info: tf.TensorInfo, kind: string, bytes: number, make: (address: number) => void) {
      const entry = this.data.get(info.dataId) as Entry
      const known = entry.prepared?.get(kind)
      if (known !== undefined) return known
      const address = memory.allocate(bytes, () => `${kind} of a tensor [${info.shape}]`)
      try {
        make(address)
      } catch (error) {
        memory.free(address)
        throw error
      }
      entry.prepared ??= new Map()
      entry.prepared.set(kind, address)
      return address
    }

    changed(info: tf.TensorInfo): void {
      const entry = this.data.get(info.dataId) as Entry
      entry.settle()
      entry.dropPrepared()
    }

    undoOnError<T>(kernel: () => T): T {
      this.#made = []
      try {
        return kernel()
      } catch (error) {
        for (const info of this.#made) this.disposeIntermediateTensorInfo(info)
        throw error
      } finally {
        this.#made = []
      }
    }

    share(info: tf.TensorInfo, shape: number[]): tf.TensorInfo {
      this.incRef(info.dataId)
      const shared = { dataId: info.dataId, shape, dtype: info.dtype }
      this.#made.push(shared)
      return shared
    }

    #store(values: Values | undefined, dtype: tf.DataType): object {
      if (this.ended) {
        throw new BackendStoppedError(
          `the CPU backend '${name}' was stopped: start it anew by useBackend([cpu()])`,
        )
      }
      const dataId = { id: nextId++ }
      this.data.set(dataId, new Entry(engine, dtype, 1, values))
      return dataId
    }
  }
  return new Backend()
}
