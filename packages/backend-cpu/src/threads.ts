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
const CONTROL_ADDRESS = 1024
const TICKET = 0
const TASKS = 1
const KERNEL = 2
const PARAMETERS = 3
const DONE = 4
const FAILED = 5
/** Where the workers' own words begin: worker n sets word FIRST_READY + n once it runs. */
const FIRST_READY = 16
/** Control words, those of 64 workers included. */
const WORDS = 80
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
  const words = new Int32Array(memory.buffer, control, 80)
  const taskMask = 2 ** 20 - 1
  // Long enough to bridge the gap between two kernels of a network, short enough to waste no core.
  const spins = 60_000
  Atomics.store(words, 16 + worker, 1)
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
        Atomics.store(words, 5, 1)
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
  /** Number of the worker, from 1. */
  worker: number
  /** Why it cannot be started, once that is known. */
  failure?: string
  /** It runs: what happens to it from now on is not a failure to start. */
  running?(): void
  terminate?(): void
}

function startWorker(start: ThreadStart): Host {
  const host: Host = { worker: start.worker }
  const fail = (reason: string) => {
    host.failure = reason
  }
  try {
    const node = nodeModule<typeof workerThreads>('node:worker_threads')
    if (node) startInNode(node, start, host, fail)
    else startInPage(start, host, fail)
  } catch (error) {
    fail((error as Error).message)
  }
  return host
}

function startInNode(
  node: typeof workerThreads,
  start: ThreadStart,
  host: Host,
  fail: (reason: string) => void,
): void {
  // Neither require nor import: a worker inherits --input-type from the command line.
  const text = `(${threadMain})(process.getBuiltinModule('node:worker_threads').workerData)`
  const worker = new node.Worker(text, { eval: true, workerData: start })
  // An idle thread must not keep the process alive.
  worker.unref()
  const onError = (error: unknown) => fail(error instanceof Error ? error.message : String(error))
  worker.once('error', onError)
  // An error of a running thread is nobody's to swallow.
  host.running = () => worker.off('error', onError)
  host.terminate = () => void worker.terminate()
}

function startInPage(start: ThreadStart, host: Host, fail: (reason: string) => void): void {
  const text = `onmessage = (event) => (${threadMain})(event.data)`
  const url = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }))
  host.terminate = () => URL.revokeObjectURL(url)
  const worker = new Worker(url)
  // A policy that forbids the worker is told by an event without a message.
  worker.onerror = ({ message }) =>
    fail(message || "the page's Content-Security-Policy needs worker-src blob:")
  worker.postMessage(start)
  host.running = () => {
    worker.onerror = null
  }
  host.terminate = () => {
    worker.terminate()
    URL.revokeObjectURL(url)
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

/** Milliseconds that workers get to start. */
const PATIENCE = 10_000

export class Threads {
  /** Threads that take tasks, the caller included. */
  readonly count: number
  /** One more than the highest number of a thread. */
  readonly slots: number
  /** Why there are fewer threads than were asked for; undefined where there are not. */
  readonly missing: string | undefined
  #words: Int32Array
  #workers: Host[]
  #job = 0

  private constructor(words: Int32Array, workers: Host[], missing: string | undefined) {
    this.#words = words
    this.#workers = workers
    this.count = workers.length + 1
    this.slots = 1 + Math.max(0, ...workers.map(({ worker }) => worker))
    this.missing = missing
  }

  /** Starts count − 1 workers, waits until they run, and goes on without those that do not. */
  static async start(
    count: number,
    module: WebAssembly.Module,
    memory: TensorMemory,
    kernels: string[],
  ): Promise<Threads> {
    const words = new Int32Array(memory.wasm.buffer, CONTROL_ADDRESS, WORDS)
    const start = { module, memory: memory.wasm, kernels, control: CONTROL_ADDRESS }
    const hosts = Array.from({ length: count - 1 }, (_, index) =>
      startWorker({ ...start, worker: index + 1 }),
    )
    const runs = ({ worker }: Host) => Atomics.load(words, FIRST_READY + worker) === 1
    const deadline = Date.now() + PATIENCE
    while (hosts.some((host) => !host.failure && !runs(host)) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    const workers = hosts.filter((host) => !host.failure && runs(host))
    const absent = hosts.filter((host) => !workers.includes(host))
    for (const host of workers) host.running?.()
    for (const host of absent) host.terminate?.()
    const reason = absent[0]?.failure ?? `not within ${PATIENCE / 1000} seconds`
    const missing = absent.length > 0 ? `${absent.length} did not start: ${reason}` : undefined
    return new Threads(words, workers, missing)
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
    for (const worker of this.#workers) worker.terminate?.()
    this.#workers = []
  }
}

const mayWait = typeof (globalThis as { document?: unknown }).document === 'undefined'
