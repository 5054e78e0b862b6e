// tfjs's WebGPU backend with a guard at every door. A lost device swallows commands without a word and
// training would go on with whatever lies in memory; a refused command is reported to nobody. Here
// everything that touches the device first asks whether it is still there, what was read is believed only
// if nothing went wrong meanwhile, and both fail with an error that has a name. Beside that: the device's
// limit on one tensor and a memory budget, checked before anything is allocated.

import { BackendStoppedError, DeviceLostError, OutOfMemoryError } from '@alexnet/backend'
import type { DeviceMemory } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import { DeviceError, messageOf } from './errors.ts'
import type { TensorData, TfjsWebGPU, TfjsWebGPUClass } from './tfjs-webgpu.ts'
import type { Tuning } from './tiles.ts'
import { Trials } from './trials.ts'

export interface BackendOptions {
  name: string
  /** Most bytes of buffers. */
  memoryLimit: number
}

export interface AlexNetWebGPUBackend extends TfjsWebGPU {
  memory(): DeviceMemory
  /** Resolves when the device is lost. */
  readonly lost: Promise<Error>
  /** Whether it can do nothing any more: it was stopped, or its device lost or in error. */
  readonly ended: boolean
  /**
   * Records a program. If the device refuses it, its results cannot be read, nor what is made from them.
   * @param results what it writes, once it was recorded
   */
  watch<T>(
    program: string,
    inputs: readonly tf.TensorInfo[],
    results: (made: T) => readonly tf.TensorInfo[],
    record: () => T,
  ): T
  /** Tile shapes that this device is fastest with. */
  tuning: Tuning
  /** Whether kernels use subgroups: those that the device has. */
  subgroups: boolean
  /** Runs a kernel; what it had made is freed if it throws. */
  undoOnError<T>(kernel: () => T): T
  /** A float32 tensor's buffer, uploaded if it was not on the device. */
  buffer(info: tf.TensorInfo): GPUBuffer
  /** To be called for a tensor whose buffer is about to be changed in place. */
  changed(info: tf.TensorInfo): void
  /**
   * What is made from a tensor's values and kept with it, under a name, until it is disposed of or changed.
   * @param make makes it when it is first asked for
   */
  prepared(info: tf.TensorInfo, name: string, make: () => tf.TensorInfo[]): tf.TensorInfo[]
  /** Another tensor of the same values under another shape, as Reshape makes one. */
  share(info: tf.TensorInfo, shape: number[]): tf.TensorInfo
}

interface Prepared {
  tensors: tf.TensorInfo[]
  /** Whether its program ran; while shaders are compiled ahead none does. */
  filled: boolean
}

/** Of the buffer of a tensor without elements: enough for a vector of four. */
const EMPTY_BYTES = 16

/** A tensor does not follow what is done with the values that were read from it. */
const copyOf = (values: tf.BackendValues) => (values as Float32Array).slice() as tf.BackendValues

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`

/** A backend over a device that nobody else uses. */
export function createBackend(
  Base: TfjsWebGPUClass,
  device: GPUDevice,
  info: GPUAdapterInfo,
  { name, memoryLimit }: BackendOptions,
): AlexNetWebGPUBackend {
  const largest = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize)

  class Guarded extends Base implements AlexNetWebGPUBackend {
    readonly lost: Promise<Error>
    tuning: Tuning = {}
    subgroups = device.features.has('subgroups')
    #tellLost!: (error: Error) => void
    /** Why nothing can be done any more, once that is so. */
    #ended: Error | undefined
    /** What the running kernels have made, innermost last; undefined outside of kernels. */
    #made: tf.TensorInfo[] | undefined
    /** How often a tensor's buffer was changed in place. */
    readonly #changes = new WeakMap<object, number>()
    /** What was made from tensors, by their identity and its name. */
    readonly #prepared = new WeakMap<object, Map<string, Prepared>>()
    readonly #trials = new Trials(device, {
      flush: () => this.#flush(),
      forget: (pipeline) => this.#forget(pipeline),
      fail: (error) => this.#end(error),
    })

    constructor() {
      super(device, info)
      this.lost = new Promise((resolve) => {
        this.#tellLost = resolve
      })
      device.lost.then(({ message }) => this.#lose(message))
      device.addEventListener('uncapturederror', (event) => {
        event.preventDefault()
        this.#refused(event.error)
      })
      const { bufferManager } = this
      const acquire = bufferManager.acquireBuffer.bind(bufferManager)
      bufferManager.acquireBuffer = (size, usage, mapped, reuse) => {
        this.#guard()
        this.#makeRoom(size, `${size}_${usage}`)
        try {
          return acquire(size, usage, mapped, reuse)
        } catch (error) {
          throw new OutOfMemoryError(`a buffer of ${megabytes(size)}: ${messageOf(error)}`)
        }
      }
    }

    #lose(message: string): void {
      if (this.#ended instanceof BackendStoppedError || this.#ended instanceof DeviceLostError)
        return
      const detail = message ? `: ${message}` : ''
      this.#ended = new DeviceLostError(
        `the WebGPU device of '${name}' was lost, and with it every tensor on it: start a backend anew and go on from the last checkpoint${detail}`,
      )
      this.#tellLost(this.#ended)
    }

    #refused(error: GPUError): void {
      if (this.#ended) return
      const full = error.constructor.name === 'GPUOutOfMemoryError'
      const ending = full
        ? new OutOfMemoryError(
            `the WebGPU device of '${name}' has no more memory (${megabytes(this.bufferManager.numBytesAllocated)} in use): use smaller batches, and start a backend anew`,
          )
        : new DeviceError(`the WebGPU device of '${name}' refused a command: ${error.message}`)
      this.#end(ending)
    }

    #end(error: Error): void {
      if (this.#ended) return
      this.#ended = error
      this.#tellLost(error)
    }

    get ended(): boolean {
      return this.#ended !== undefined
    }

    /** Submits what was recorded. */
    #flush(): void {
      this.endComputePassEncoder()
      if (this.commandEncoder) this.submitQueue()
    }

    /** Has a pipeline compiled anew by who next needs it. */
    #forget(pipeline: GPUComputePipeline): void {
      for (const [key, known] of Object.entries(this.pipelineCache)) {
        if (known === pipeline) delete this.pipelineCache[key]
      }
    }

    watch<T>(
      program: string,
      inputs: readonly tf.TensorInfo[],
      results: (made: T) => readonly tf.TensorInfo[],
      record: () => T,
    ): T {
      return this.#trials.watch(program, inputs, results, record)
    }

    override runWebGPUProgram(
      program: object,
      inputs: tf.TensorInfo[],
      dtype: tf.DataType,
      uniforms?: unknown,
      output?: tf.TensorInfo,
    ): tf.TensorInfo {
      const { name } = program.constructor
      return this.watch(
        name,
        inputs,
        (made) => [made],
        () => super.runWebGPUProgram(program, inputs, dtype, uniforms, output),
      )
    }

    #guard(): void {
      if (this.#ended) throw this.#ended
    }

    #checkSize(bytes: number, shape: number[]): void {
      if (bytes <= largest) return
      throw new OutOfMemoryError(
        `a tensor [${shape}] is ${megabytes(bytes)} and this device binds at most ${megabytes(largest)} at once: use a smaller network or batch, or another backend`,
      )
    }

    override memory() {
      const { numBytesUsed: numBytesInUse, numBytesAllocated: numBytesReserved } =
        this.bufferManager
      return { ...super.memory(), numBytesInUse, numBytesReserved }
    }

    override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): object {
      this.#guard()
      if (dtype !== 'string') this.#checkSize(tf.util.sizeFromShape(shape) * 4, shape)
      // Uploaded when first used: it must not follow what its maker does with the array until then.
      const own = ArrayBuffer.isView(values) ? (values as Float32Array).slice() : values
      return super.write(own, shape, dtype)
    }

    override move(
      dataId: object,
      values: tf.BackendValues,
      shape: number[],
      dtype: tf.DataType,
      refCount: number,
    ): void {
      this.#guard()
      super.move(dataId, values, shape, dtype, refCount)
    }

    override uploadToGPU(dataId: object): void {
      this.#guard()
      const entry = this.tensorMap.get(dataId)
      // WebGPU binds no buffer without elements: a tensor of none has one that nothing is read from.
      if (!entry.resource && entry.shape?.includes(0)) {
        const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST
        entry.resource = this.bufferManager.acquireBuffer(EMPTY_BYTES, usage)
      } else super.uploadToGPU(dataId)
    }

    override submitQueue(): void {
      this.#guard()
      super.submitQueue()
    }

    override readSync(dataId: object): tf.BackendValues {
      this.#guard()
      const { values, dtype } = this.tensorMap.get(dataId)
      if (!values && dtype !== 'complex64' && typeof OffscreenCanvas === 'undefined') {
        throw new Error(
          'WebGPU outside of a browser cannot be waited for: read tensors with await tensor.data(), not dataSync()',
        )
      }
      this.#trials.believe(dataId)
      return copyOf(super.readSync(dataId))
    }

    override async read(dataId: object): Promise<tf.BackendValues> {
      this.#guard()
      const before = this.#changes.get(dataId)
      // Begun before anything is waited for: what is read is what the tensor holds now.
      const reading = super.read(dataId)
      reading.catch(() => {})
      await this.#trials.settle(dataId)
      let values: tf.BackendValues
      try {
        values = await reading
      } catch (error) {
        // Reading fails before the loss of the device is announced.
        await Promise.race([this.lost, new Promise((resolve) => setTimeout(resolve, 1000))])
        this.#guard()
        throw error
      }
      this.#guard()
      if (this.#changes.get(dataId) !== before && this.tensorMap.has(dataId)) {
        // Changed while it was read: what was read is what it was, and not to be kept.
        this.tensorMap.get(dataId).values = null
      }
      return copyOf(values)
    }

    override makeTensorInfo(shape: number[], dtype: tf.DataType, values?: unknown): tf.TensorInfo {
      const empty =
        // Of nothing, tfjs gives plain arrays, too, which its other kernels cannot slice.
        (!values || Array.isArray(values)) &&
        shape.includes(0) &&
        (dtype === 'float32' || dtype === 'int32' || dtype === 'bool')
      const own = empty ? tf.util.getTypedArrayFromDType(dtype, 0) : values
      const info = super.makeTensorInfo(shape, dtype, own)
      this.#made?.push(info)
      return info
    }

    undoOnError<T>(kernel: () => T): T {
      const outer = this.#made
      this.#made = []
      try {
        const result = kernel()
        outer?.push(...this.#made)
        return result
      } catch (error) {
        for (const { dataId } of this.#made) this.disposeData(dataId, true)
        throw error
      } finally {
        this.#made = outer
      }
    }

    buffer(info: tf.TensorInfo): GPUBuffer {
      this.uploadToGPU(info.dataId)
      return this.tensorMap.get(info.dataId).resource as GPUBuffer
    }

    prepared(info: tf.TensorInfo, name: string, make: () => tf.TensorInfo[]): tf.TensorInfo[] {
      const own = this.#prepared.get(info.dataId) ?? new Map<string, Prepared>()
      this.#prepared.set(info.dataId, own)
      const filled = !tf.env().getBool('WEBGPU_ENGINE_COMPILE_ONLY')
      const known = own.get(name)
      if (known && (known.filled || !filled)) return known.tensors
      for (const { dataId } of known?.tensors ?? []) this.disposeData(dataId)
      own.delete(name)
      // It stays if the kernel that asks for it throws later on.
      const outer = this.#made
      this.#made = undefined
      try {
        const tensors = this.undoOnError(make)
        own.set(name, { tensors, filled })
        return tensors
      } finally {
        this.#made = outer
      }
    }

    #dropPrepared(dataId: object): void {
      for (const { tensors } of this.#prepared.get(dataId)?.values() ?? [])
        for (const tensor of tensors) this.disposeData(tensor.dataId)
      this.#prepared.delete(dataId)
    }

    override disposeData(dataId: object, force = false): boolean {
      const entry = this.tensorMap.has(dataId) ? this.tensorMap.get(dataId) : undefined
      const gone = super.disposeData(dataId, force)
      // One that queued commands still read is there for a while; what was made from it is of no more use.
      if (entry && (force || entry.refCount <= 0)) this.#dropPrepared(dataId)
      return gone
    }

    changed(info: tf.TensorInfo): void {
      const entry: TensorData = this.tensorMap.get(info.dataId)
      entry.values = null
      this.#dropPrepared(info.dataId)
      this.#changes.set(info.dataId, (this.#changes.get(info.dataId) ?? 0) + 1)
    }

    share(info: tf.TensorInfo, shape: number[]): tf.TensorInfo {
      this.incRef(info.dataId)
      return { dataId: info.dataId, shape, dtype: info.dtype }
    }

    /** Gives back buffers that are kept for reuse when the budget is reached. */
    #makeRoom(bytes: number, kind: string): void {
      const manager = this.bufferManager
      if (manager.freeBuffers.get(kind)?.length) return
      if (manager.numBytesAllocated + bytes <= memoryLimit) return
      for (const buffers of manager.freeBuffers.values()) {
        for (const buffer of buffers.splice(0)) {
          manager.numBytesAllocated -= buffer.size
          manager.numFreeBuffers--
          buffer.destroy()
        }
      }
      const used = manager.numBytesAllocated
      if (used + bytes <= memoryLimit) return
      throw new OutOfMemoryError(
        `${megabytes(bytes)} more do not fit: ${megabytes(used)} of the budget of ${megabytes(memoryLimit)} are in use. Use smaller batches, dispose of tensors, or raise webgpu({ memoryLimit })`,
      )
    }

    override dispose(): void {
      if (this.#ended instanceof BackendStoppedError) return
      super.dispose()
      this.#ended = new BackendStoppedError(
        `the WebGPU backend '${name}' was stopped: its tensors are gone, make them anew`,
      )
      device.destroy()
    }
  }
  return new Guarded()
}
