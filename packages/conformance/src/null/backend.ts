// A backend without arithmetic: its tensors have shapes, types and sizes and no numbers, and it counts which kernels it
// is asked for. Networks of any size are built, run and trained on it in no time and no memory, in Node, to see what a
// backend is asked for. It is also the smallest whole example of what `defineBackend` takes. Read, everything is zero,
// so `useBackend`, which checks numbers, refuses it: `start` of its adapter, then `tf.setBackend('null')`.

import {
  type CustomKernels,
  customKernel,
  defineBackend,
  type Kernel,
  type KernelCall,
  type OpenedBackend,
} from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import { customShapeRules, type Made, type ShapeRule, shapeRules } from './shapes.ts'

/** What was asked of a kernel: how often, and the bytes of what it made anew. */
export interface KernelCount {
  runs: number
  bytes: number
}

interface Entry {
  size: number
  dtype: tf.DataType
  references: number
}

const bytesOf = ({ size, dtype }: Entry) => size * tf.util.bytesPerElement(dtype)

export class NullBackend extends tf.KernelBackend implements OpenedBackend {
  ended = false
  /** Storages, by the object that stands for them. */
  readonly #data = new tf.DataStorage<Entry>(this, tf.engine())
  #bytes = 0
  #most = 0
  #kernel = ''
  #counts: Record<string, KernelCount> = {}

  /** Kernels that ran since the last call, by name. */
  take(): Record<string, KernelCount> {
    const counts = this.#counts
    this.#counts = {}
    return counts
  }

  /** Called before a kernel. */
  enter(kernelName: string): void {
    this.#kernel = kernelName
    this.#counts[kernelName] ??= { runs: 0, bytes: 0 }
    this.#counts[kernelName].runs++
  }

  make({ shape, dtype, of }: Made): tf.TensorInfo {
    if (of) {
      this.incRef(of.dataId)
      return { dataId: of.dataId, shape, dtype }
    }
    const dataId = {}
    this.move(dataId, undefined, shape, dtype, 1)
    this.#counts[this.#kernel]!.bytes += bytesOf(this.#data.get(dataId))
    return { dataId, shape, dtype }
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): object {
    const dataId = {}
    this.move(dataId, values, shape, dtype, 1)
    return dataId
  }

  override move(
    dataId: object,
    _values: tf.BackendValues | undefined,
    shape: number[],
    dtype: tf.DataType,
    references: number,
  ): void {
    const entry = { size: tf.util.sizeFromShape(shape), dtype, references }
    this.#data.set(dataId, entry)
    this.#bytes += bytesOf(entry)
    this.#most = Math.max(this.#most, this.#bytes)
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.#data.has(dataId)) return true
    const entry = this.#data.get(dataId)
    entry.references--
    if (!force && entry.references > 0) return false
    this.#bytes -= bytesOf(entry)
    this.#data.delete(dataId)
    return true
  }

  override refCount(dataId: object): number {
    return this.#data.has(dataId) ? this.#data.get(dataId).references : 0
  }

  override incRef(dataId: object): void {
    this.#data.get(dataId).references++
  }

  override numDataIds(): number {
    return this.#data.numDataIds()
  }

  /** Zeros. */
  override readSync(dataId: object): tf.BackendValues {
    const { size, dtype } = this.#data.get(dataId)
    return tf.util.getTypedArrayFromDType(dtype as 'float32', size)
  }

  override async read(dataId: object): Promise<tf.BackendValues> {
    return this.readSync(dataId)
  }

  override memory() {
    return { unreliable: false, numBytesInUse: this.#bytes, numBytesReserved: this.#most }
  }

  /** Nothing is half done when a kernel throws: what it makes, it makes last. */
  undoOnError<T>(kernel: () => T): T {
    return kernel()
  }

  override floatPrecision(): 32 {
    return 32
  }

  override epsilon(): number {
    return 1e-7
  }

  override timerAvailable(): boolean {
    return false
  }

  override dispose(): void {
    this.ended = true
  }
}

const run =
  (rule: ShapeRule) =>
  ({ inputs, attrs, backend }: Call) => {
    const made = rule(inputs, attrs)
    return Array.isArray(made) ? made.map((one) => backend.make(one)) : backend.make(made)
  }

type Call = Pick<KernelCall<NullBackend>, 'inputs' | 'attrs' | 'backend'>

const kernels: Kernel<NullBackend>[] = [
  ...Object.entries(shapeRules).map(([name, rule]) => ({ name, run: run(rule) })),
  // With the checks of operands that every backend has.
  ...Object.entries(customShapeRules).map(([name, rule]) =>
    customKernel<keyof CustomKernels, NullBackend>(name as keyof CustomKernels, (call) =>
      run(rule)(call as unknown as Call),
    ),
  ),
]

/** The adapter; `base` has no kernels, so one that has no rule of its shape is refused by its name. */
export const nullBackend = defineBackend<{ name?: string }, NullBackend>({
  name: 'null',
  base: 'none',
  kernels,
  supported: () => true,
  open: async () => ({ backend: new NullBackend(), device: 'none', features: [], build: 'none' }),
  before: (kernelName, backend) => backend.enter(kernelName),
})
