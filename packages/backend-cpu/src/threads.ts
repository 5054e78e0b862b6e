// Threads over the shared memory. A job's tasks are claimed one by one from a shared counter, so a thread
// that is late, or that the system has put aside, costs only the tasks it did not take; what a task
// computes does not depend on who takes it. The caller takes tasks too and returns when all are done,
// whether or not every thread woke up.
//
// Control words (Int32, in the memory's reserved bytes). The ticket holds the job's number in its upper
// 12 bits and the next task in its lower 20, so that claiming a task of a job that is over fails. A
// thread reads kernel and task count only after it has claimed, when the job cannot end without it.

import type * as osModule from 'node:os'
import type * as workerThreads from 'node:worker_threads'
import type { TensorMemory } from './memory.ts'

/** Address of the control words. */
const controlAddress = 1024
const TICKET = 0
const TASKS = 1
const KERNEL = 2
const PARAMETERS = 3
const DONE = 4
const READY = 5
const FAILED = 6
/** Lower bits of the ticket. */
const TASK_BITS = 20
/** The most tasks that a job may have. */
export const maximumTasks = 2 ** TASK_BITS - 1

interface ThreadStart {
  module: WebAssembly.Module
  memory: WebAssembly.Memory
  worker: number
  kernels: string[]
  control: number
}

/**
 * What a worker runs. It is sent as text, so it must not refer to anything outside of itself: bundlers
 * then need to know nothing of a worker file.
 */
function threadMain({ module, memory, worker, kernels, control }: ThreadStart): void {
  const exports = new WebAssembly.Instance(module, { env: { memory } }).exports
  const functions = kernels.map(
    (name) => exports[name] as (p: number, t: number, w: number) => void,
  )
  const words = new Int32Array(memory.buffer, control, 16)
  const taskMask = 2 ** 20 - 1
  // Long enough to bridge the gap between two kernels of a network, short enough to waste no core.
  const spins = 20_000
  Atomics.add(words, 5, 1)
  Atomics.notify(words, 5)
  let idle = 0
  for (;;) {
    const ticket = Atomics.load(words, 0)
    const task = ticket & taskMask
    if (task < Atomics.load(words, 1)) {
      if (Atomics.compareExchange(words, 0, ticket, ticket + 1) !== ticket) continue
      idle = 0
      const tasks = Atomics.load(words, 1)
      if (task >= tasks) continue
      // A task that fails must count as done all the same, or the caller would wait for ever.
      try {
        functions[Atomics.load(words, 2)]!(Atomics.load(words, 3), task, worker)
      } catch {
        Atomics.store(words, 6, 1)
      }
      if (Atomics.add(words, 4, 1) + 1 === tasks) Atomics.notify(words, 4)
    } else if (idle < spins) {
      idle++
    } else {
      Atomics.wait(words, 0, ticket)
      idle = 0
    }
  }
}

/** A worker of either kind of host, reduced to what is needed of it. */
interface Host {
  terminate(): void
}

function startWorker(start: ThreadStart): Host {
  const node = nodeModule<typeof workerThreads>('node:worker_threads')
  if (node) {
    // Neither require nor import: a worker inherits --input-type from the command line.
    const text = `(${threadMain})(process.getBuiltinModule('node:worker_threads').workerData)`
    const worker = new node.Worker(text, { eval: true, workerData: start })
    // An idle thread must not keep the process alive.
    worker.unref()
    return { terminate: () => void worker.terminate() }
  }
  const text = `onmessage = (event) => (${threadMain})(event.data)`
  const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }))
  const worker = new Worker(url)
  worker.postMessage(start)
  return {
    terminate() {
      worker.terminate()
      URL.revokeObjectURL(url)
    },
  }
}

/** A module of Node itself, without an import that a bundler would follow; undefined elsewhere. */
export function nodeModule<T>(name: string): T | undefined {
  const host = globalThis.process as { getBuiltinModule?(name: string): unknown } | undefined
  return host?.getBuiltinModule?.(name) as T | undefined
}

/** Processors that this host offers. */
export function availableThreads(): number {
  const os = nodeModule<typeof osModule>('node:os')
  return os ? os.availableParallelism() : (globalThis.navigator?.hardwareConcurrency ?? 1)
}

/** Whether threads can share a memory here: browsers need cross-origin isolation. */
export function canShareMemory(): boolean {
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated
  return typeof SharedArrayBuffer === 'function' && isolated !== false
}

export class Threads {
  /** Threads that take tasks, the caller included. */
  readonly count: number
  #words: Int32Array
  #workers: Host[]
  #job = 0

  private constructor(words: Int32Array, workers: Host[]) {
    this.#words = words
    this.#workers = workers
    this.count = workers.length + 1
  }

  /** Starts count − 1 workers and waits until they run; rejects if they do not within ten seconds. */
  static async start(
    count: number,
    module: WebAssembly.Module,
    memory: TensorMemory,
    kernels: string[],
  ): Promise<Threads> {
    const words = new Int32Array(memory.wasm.buffer, controlAddress, 16)
    const workers: Host[] = []
    for (let worker = 1; worker < count; worker++) {
      workers.push(
        startWorker({ module, memory: memory.wasm, worker, kernels, control: controlAddress }),
      )
    }
    const threads = new Threads(words, workers)
    const deadline = Date.now() + 10_000
    while (Atomics.load(words, READY) < workers.length) {
      if (Date.now() > deadline) {
        const ready = Atomics.load(words, READY)
        threads.stop()
        throw new Error(
          `only ${ready} of ${workers.length} worker threads started within 10 seconds`,
        )
      }
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    return threads
  }

  /** Runs tasks 0 … tasks − 1 of a kernel; the caller is worker 0. */
  run(
    kernel: number,
    call: (parameters: number, task: number, worker: number) => void,
    parameters: number,
    tasks: number,
  ): void {
    const words = this.#words
    this.#job = (this.#job + 1) & 0xfff
    const first = this.#job << TASK_BITS
    // No task can be claimed while the counts are written: the old ticket's task is past the old count,
    // and a count of zero refuses every ticket.
    Atomics.store(words, TASKS, 0)
    Atomics.store(words, DONE, 0)
    Atomics.store(words, KERNEL, kernel)
    Atomics.store(words, PARAMETERS, parameters)
    Atomics.store(words, TICKET, first)
    Atomics.store(words, TASKS, tasks)
    Atomics.notify(words, TICKET)
    for (;;) {
      const ticket = Atomics.load(words, TICKET)
      const task = ticket & maximumTasks
      if (task >= tasks) break
      if (Atomics.compareExchange(words, TICKET, ticket, ticket + 1) !== ticket) continue
      try {
        call(parameters, task, 0)
      } catch {
        Atomics.store(words, FAILED, 1)
      }
      Atomics.add(words, DONE, 1)
    }
    this.#wait(tasks)
    if (Atomics.exchange(words, FAILED, 0) === 1) {
      throw new Error(
        'a task trapped in WebAssembly: a fault of this package, its result is unusable',
      )
    }
  }

  #wait(tasks: number): void {
    const words = this.#words
    for (let spin = 0; ; spin++) {
      const done = Atomics.load(words, DONE)
      if (done === tasks) return
      // A browser's main thread must not sleep; it spins on, for at most the length of one task.
      if (spin > 20_000 && mayWait) Atomics.wait(words, DONE, done, 1)
    }
  }

  stop(): void {
    for (const worker of this.#workers) worker.terminate()
    this.#workers = []
  }
}

const mayWait = typeof (globalThis as { document?: unknown }).document === 'undefined'
