// Runs kernels: writes a job's parameters into the memory and has its tasks done, by threads where there
// are any. A job is cut into tasks by its shape alone, so results do not depend on who runs them.

import type { TensorMemory } from './memory.ts'
import { type KernelExports, type Struct, type StructValues, writeStruct } from './module.ts'
import { maximumTasks, type Threads } from './threads.ts'

/** Where a job's parameters lie, below the memory's reserved bytes. */
const PARAMETERS_ADDRESS = 4096

export interface EngineOptions {
  threads: Threads | undefined
  winograd: boolean
}

export class Engine {
  readonly memory: TensorMemory
  /** Whether convolutions may trade some accuracy for speed. */
  readonly winograd: boolean
  #kernels: KernelExports
  #numbers: Map<string, number>
  #threads: Threads | undefined
  #view: DataView
  #scratch = { address: 0, bytes: 0 }

  constructor(memory: TensorMemory, kernels: KernelExports, options: EngineOptions) {
    this.memory = memory
    this.#kernels = kernels
    this.#numbers = new Map(kernelNames(kernels).map((name, number) => [name, number]))
    this.#threads = options.threads
    this.winograd = options.winograd
    this.#view = new DataView(memory.wasm.buffer)
  }

  get threads(): number {
    return this.#threads?.count ?? 1
  }

  /** Why there are fewer threads than were asked for, where there are. */
  get missingThreads(): string | undefined {
    return this.#threads?.missing
  }

  /** Runs all tasks of a kernel and returns when they are done. */
  run<S extends Struct>(kernel: string, struct: S, values: StructValues<S>, tasks: number): void {
    const call = this.#kernels[kernel]
    if (!call) throw new Error(`no WebAssembly kernel is called ${kernel}`)
    if (this.#view.buffer !== this.memory.wasm.buffer) {
      this.#view = new DataView(this.memory.wasm.buffer)
    }
    if (tasks > maximumTasks)
      throw new Error(`${kernel}: ${tasks} tasks are more than ${maximumTasks}`)
    writeStruct(this.#view, PARAMETERS_ADDRESS, struct, values)
    if (this.#threads && tasks > 1) {
      this.#threads.run(this.#numbers.get(kernel)!, call, PARAMETERS_ADDRESS, tasks)
    } else {
      for (let task = 0; task < tasks; task++) call(PARAMETERS_ADDRESS, task, 0)
    }
  }

  /** Address of scratch memory of at least `bytes` for each worker, valid until the next call. */
  scratch(bytes: number): number {
    const total = bytes * (this.#threads?.slots ?? 1)
    if (total > this.#scratch.bytes) {
      if (this.#scratch.address) this.memory.free(this.#scratch.address)
      this.#scratch = { address: 0, bytes: 0 }
      const address = this.memory.allocate(total, () => 'scratch memory of a kernel')
      this.#scratch = { address, bytes: total }
    }
    return this.#scratch.address
  }

  /** Ends the threads. */
  stop(): void {
    this.#threads?.stop()
    this.#threads = undefined
  }
}

/** The kernels of a module in the order by which threads number them. */
export function kernelNames(kernels: KernelExports): string[] {
  return Object.keys(kernels)
    .filter((name) => typeof kernels[name] === 'function')
    .sort()
}
