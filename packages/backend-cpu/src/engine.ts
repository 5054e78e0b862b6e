// Runs kernels: writes a job's parameters into the memory and has its tasks done. A job is cut into
// tasks by its shape alone, so results do not depend on who runs them.

import type { TensorMemory } from './memory.ts'
import { type KernelExports, type Struct, type StructValues, writeStruct } from './module.ts'

/** Where a job's parameters lie, below the memory's reserved bytes. */
const parametersAddress = 4096

export class Engine {
  readonly memory: TensorMemory
  readonly threads = 1
  #kernels: KernelExports
  #view: DataView
  #scratch = { address: 0, bytes: 0 }

  constructor(memory: TensorMemory, kernels: KernelExports) {
    this.memory = memory
    this.#kernels = kernels
    this.#view = new DataView(memory.wasm.buffer)
  }

  /** Runs all tasks of a kernel and returns when they are done. */
  run<S extends Struct>(kernel: string, struct: S, values: StructValues<S>, tasks: number): void {
    const run = this.#kernels[kernel]
    if (!run) throw new Error(`no WebAssembly kernel is called ${kernel}`)
    if (this.#view.buffer !== this.memory.wasm.buffer) {
      this.#view = new DataView(this.memory.wasm.buffer)
    }
    writeStruct(this.#view, parametersAddress, struct, values)
    for (let task = 0; task < tasks; task++) run(parametersAddress, task, 0)
  }

  /** Address of scratch memory of at least `bytes` for each worker, valid until the next call. */
  scratch(bytes: number): number {
    const total = bytes * this.threads
    if (total > this.#scratch.bytes) {
      if (this.#scratch.address) this.memory.free(this.#scratch.address)
      this.#scratch = { address: 0, bytes: 0 }
      const address = this.memory.allocate(total, () => 'scratch memory of a kernel')
      this.#scratch = { address, bytes: total }
    }
    return this.#scratch.address
  }
}
