// Joins the job that a launcher started this process in. MPI is loaded by a thread of its own, and only where
// there are several processes: one on its own is a communicator of one, with nothing loaded at all.

import { MessageChannel, receiveMessageOnPort, SHARE_ENV, Worker } from 'node:worker_threads'
import { alone, type Communicator, type ReduceOptions, type Traffic } from './communicator.ts'
import { launchOf } from './launch.ts'
import type { Answer, RankSettings, Task } from './messages.ts'
import { MpiError } from './mpi.ts'

export interface OpenOptions {
  /** Loads MPI even where no launcher is seen, which must then have started this process. Default false. */
  always?: boolean
  /** Seconds that an operation may wait for another rank. Default 300. */
  deadlineSeconds?: number
  /** Seconds without a sign of life after which a rank counts as dead. Default 7. */
  silenceSeconds?: number
}

/** Seconds for all ranks to come to life. */
const START_SECONDS = 60

/**
 * The communicator of this process: all processes that `mpirun` started, or itself alone.
 *
 * @throws MpiError, one line, when there are several and MPI or koffi is missing, of an ABI that is not known, or
 *   not the launcher's own
 */
export async function openCommunicator(options: OpenOptions = {}): Promise<Communicator> {
  const { always = false, deadlineSeconds = 300, silenceSeconds = 7 } = options
  const launch = launchOf()
  if (!launch && !always) return alone()
  const shared = () => new Int32Array(new SharedArrayBuffer(4))
  const settings: RankSettings = {
    launcher: launch?.launcher,
    // srun may start the programs of any MPI, or none: what it says is not the communicator's size for sure.
    size: launch?.size,
    wake: shared(),
    answered: shared(),
    traffic: new Float64Array(new SharedArrayBuffer(16)),
    deadlineSeconds,
    silenceSeconds,
  }
  const ranks = new Ranks(settings)
  await ranks.ready
  return ranks
}

interface Waiting {
  resolve: (result: never) => void
  reject: (error: Error) => void
}

class Ranks implements Communicator {
  rank = 0
  size = 1
  library = ''
  processes: readonly string[] = []
  readonly ready: Promise<void>
  readonly #settings: RankSettings
  readonly #worker: Worker
  readonly #port
  readonly #waiting = new Map<number, Waiting>()
  #next = 0
  #isLeaving = false
  #failure: Error | undefined

  constructor(settings: RankSettings) {
    this.#settings = settings
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    // The file beside this one, built or not.
    const file = import.meta.url.endsWith('.ts') ? './rank-worker.ts' : './rank-worker.js'
    this.#worker = new Worker(new URL(file, import.meta.url), {
      workerData: { settings, port: port2 },
      transferList: [port2],
      env: SHARE_ENV,
    })
    this.#worker.on('error', (error) => this.#end(error))
    this.#worker.on('exit', () => this.#exited())
    port1.on('message', (answer: Answer) => this.#take(answer))
    this.ready = new Promise<void>((resolve, reject) => {
      this.#waiting.set(-1, { resolve, reject })
      const timer = setTimeout(() => {
        const missing = `not all ${settings.size ?? ''} processes came to MPI within ${START_SECONDS} s: look for the one that failed or hangs, and that all hosts run the same command`
        this.#end(new MpiError(missing))
      }, START_SECONDS * 1000)
      const stop = () => clearTimeout(timer)
      this.#waiting.set(-1, {
        resolve: () => [stop(), resolve()],
        reject: (error) => [stop(), reject(error)],
      })
    })
  }

  get traffic(): Traffic {
    const [sent = 0, received = 0] = this.#settings.traffic
    return { sent, received }
  }

  allocate(length: number): Float32Array {
    return new Float32Array(new SharedArrayBuffer(length * 4))
  }

  async allReduce(values: Float32Array, { wire = 'float32' }: ReduceOptions = {}): Promise<void> {
    const own = this.#shared(values)
    await this.#order({ kind: 'allReduce', values: own, half: wire === 'float16' })
    if (own !== values) values.set(own)
  }

  async allGather(bytes: Uint8Array): Promise<Uint8Array[]> {
    return this.#order({ kind: 'gather', bytes: this.#bytes(bytes), root: undefined })
  }

  async gather(bytes: Uint8Array, root = 0): Promise<Uint8Array[]> {
    return this.#order({ kind: 'gather', bytes: this.#bytes(bytes), root })
  }

  async broadcast(bytes: Uint8Array, root = 0): Promise<Uint8Array> {
    const own = this.rank === root ? this.#bytes(bytes) : new Uint8Array(0)
    return this.#order({ kind: 'broadcast', bytes: own, root })
  }

  async barrier(): Promise<void> {
    await this.#order({
      kind: 'gather',
      bytes: this.#bytes(new Uint8Array(0)),
      root: undefined,
      patient: true,
    })
  }

  exchangeSync(outgoing: readonly Float32Array[], incoming: readonly Float32Array[]): void {
    const out = outgoing.map((array) => this.#shared(array))
    const into = incoming.map((array) => this.#shared(array))
    let isDone = false
    const id = this.#post({ kind: 'exchange', outgoing: out, incoming: into })
    this.#waiting.set(id, {
      resolve: () => {
        isDone = true
      },
      reject: (error) => {
        throw error
      },
    })
    const { answered } = this.#settings
    while (!isDone) {
      const seen = Atomics.load(answered, 0)
      const message = receiveMessageOnPort(this.#port)
      if (message) this.#take(message.message as Answer)
      else Atomics.wait(answered, 0, seen, 1000)
    }
    incoming.forEach((array, of) => {
      if (of === this.rank) array.set(outgoing[of]!)
      else if (into[of] !== array) array.set(into[of]!)
    })
  }

  async abort(reason: string): Promise<never> {
    this.#post({ kind: 'abort', reason })
    return new Promise<never>((_, reject) => {
      // The thread ends this process; where it cannot, this does.
      setTimeout(() => reject(new MpiError(reason)), 5000)
    })
  }

  async close(): Promise<void> {
    await this.barrier()
    this.#isLeaving = true
    await this.#order({ kind: 'close' })
    this.#port.close()
    await this.#worker.terminate()
  }

  /** An array on shared memory: itself, or a copy. */
  #shared(values: Float32Array): Float32Array {
    if (values.buffer instanceof SharedArrayBuffer) return values
    const copy = this.allocate(values.length)
    copy.set(values)
    return copy
  }

  #bytes(bytes: Uint8Array): Uint8Array {
    const copy = new Uint8Array(new SharedArrayBuffer(bytes.length))
    copy.set(bytes)
    return copy
  }

  #post(task: Task): number {
    if (this.#failure) throw this.#failure
    const id = this.#next++
    const { wake } = this.#settings
    this.#port.postMessage({ id, ...task })
    Atomics.add(wake, 0, 1)
    Atomics.notify(wake, 0)
    return id
  }

  #order<T>(task: Task): Promise<T> {
    const id = this.#post(task)
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject })
    })
  }

  #take(answer: Answer): void {
    if ('failure' in answer) {
      this.#end(new MpiError(answer.failure))
      return
    }
    if ('ready' in answer) Object.assign(this, answer.ready)
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    waiting?.resolve(('result' in answer ? answer.result : undefined) as never)
  }

  /** The thread's end may be heard of before its last answer: who has asked it to leave takes it for that. */
  #exited(): void {
    if (!this.#isLeaving) {
      this.#end(new MpiError('the thread of MPI has ended'))
      return
    }
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { resolve } of waiting) resolve(undefined as never)
  }

  /** Nothing comes any more. */
  #end(error: Error): void {
    this.#failure ??= error
    this.#port.close()
    void this.#worker.terminate()
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { reject } of waiting) reject(error)
  }
}
