// Workers and the parts that they are at. A pool outlives the epochs that are loaded with it, so that
// threads are started and their code is compiled once, and several loaders may use it at once. Parts
// are handed out in turn as soon as they are there, so that workers have something to do while the
// main thread computes. Workers start when the first part comes. A worker that dies is reported and
// replaced, and its parts are done again; a part that kills its second worker, too, is given up.
//
// An idle pool does not keep the process alive.

import type { Part, PartResult, PartSettings } from './loader-part.ts'
import type { Platform, WorkerHandle } from './picture-source.ts'

/** A part as those who load have it; the pool numbers it. */
export type NewPart = Omit<Part, 'id'>

/** One epoch's share of a pool. */
export interface PoolJob {
  /** Parts that are done at once. */
  readonly size: number
  run(part: NewPart): Promise<PartResult>
  /** Rejects what is not done yet; the workers leave the rest of it out. */
  end(): void
}

interface Job {
  readonly id: number
  readonly settings: PartSettings
  /** On shared memory, where that can be had: not 0 once the job has ended. */
  readonly ended: Int32Array | undefined
  readonly onWorkerLost: (message: string) => void
}

interface Pending {
  readonly job: Job
  readonly part: Part
  deaths: number
  resolve(result: PartResult): void
  reject(error: Error): void
}

interface Member {
  readonly handle: WorkerHandle
  /** In the order in which they are done. */
  pending: Pending[]
  /** Jobs whose settings the worker has. */
  readonly jobs: Set<Job>
}

/** So many workers, for any number of loaders; `createWorkerPool` makes one. */
export class WorkerPool {
  /** Number of workers. */
  readonly size: number
  readonly #platform: Platform
  /** Empty where no worker was needed yet, or one died that had nothing to do. */
  readonly #members: (Member | undefined)[]
  readonly #jobs = new Set<Job>()
  #nextJob = 0
  #nextPart = 0
  #turn = 0
  #closed = false

  /** @throws RangeError where `size` is no whole number from 1 to 256, or there are no workers here. */
  constructor(size: number, platform: Platform) {
    if (!Number.isSafeInteger(size) || size < 1 || size > 256) {
      throw new RangeError(`a pool has 1 to 256 workers, a whole number, not ${size}`)
    }
    if (!platform.startWorker) throw new RangeError('there are no workers here; use workers: 0')
    this.size = size
    this.#platform = platform
    this.#members = Array.from({ length: size }, () => undefined)
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#closed
  }

  /** Begins an epoch. For the loader. */
  begin(settings: PartSettings, onWorkerLost: (message: string) => void): PoolJob {
    if (this.#closed) throw new Error('the pool of workers was closed; make another one')
    const ended = this.#platform.canShare ? new Int32Array(new SharedArrayBuffer(4)) : undefined
    const job: Job = { id: this.#nextJob++, settings, ended, onWorkerLost }
    this.#jobs.add(job)
    return {
      size: this.size,
      run: (part) => this.#run(job, part),
      end: () => this.#end(job),
    }
  }

  /** Ends all workers; loaders that are at work reject. */
  async close(): Promise<void> {
    this.#closed = true
    for (const job of this.#jobs) this.#end(job)
    await Promise.all(this.#members.map((member) => member?.handle.stop()))
    this.#members.fill(undefined)
  }

  #run(job: Job, part: NewPart): Promise<PartResult> {
    if (!this.#jobs.has(job)) return Promise.reject(new Error('loading was stopped'))
    const place = this.#turn
    this.#turn = (place + 1) % this.size
    this.#members[place] ??= this.#hire([])
    const member = this.#members[place]
    return new Promise((resolve, reject) => {
      const numbered = { ...part, id: this.#nextPart++ }
      send(member, { job, part: numbered, deaths: 0, resolve, reject })
    })
  }

  #end(job: Job): void {
    if (!this.#jobs.delete(job)) return
    if (job.ended) Atomics.store(job.ended, 0, 1)
    const stopped = new Error('loading was stopped')
    for (const member of this.#members) {
      if (!member) continue
      for (const { reject } of member.pending.filter((one) => one.job === job)) reject(stopped)
      member.pending = member.pending.filter((one) => one.job !== job)
      if (member.jobs.delete(job)) member.handle.post({ forget: job.id })
      holdIfBusy(member)
    }
  }

  /** Starts a worker and gives it the parts that another left. */
  #hire(left: readonly Pending[]): Member {
    const handle = this.#platform.startWorker!()
    const member: Member = { handle, pending: [], jobs: new Set() }
    handle.onMessage((message) => {
      const result = message as PartResult
      const at = member.pending.findIndex(({ part }) => part.id === result.id)
      // There is no such part if its job has ended meanwhile.
      if (at >= 0) member.pending.splice(at, 1)[0]!.resolve(result)
      holdIfBusy(member)
    })
    handle.onDeath((reason) => this.#bury(member, reason))
    for (const pending of left) send(member, pending)
    holdIfBusy(member)
    return member
  }

  #bury(member: Member, reason: string): void {
    if (this.#closed) return
    const place = this.#members.indexOf(member)
    const [current] = member.pending
    if (!current) {
      this.#members[place] = undefined
      const [job] = this.#jobs
      job?.onWorkerLost(`a worker that loads pictures died (${reason}) and was replaced`)
      return
    }
    current.deaths++
    const first = current.part.paths[0]
    const where = `while it loaded ${current.part.paths.length} pictures from ${first} on`
    current.job.onWorkerLost(`a worker died ${where} (${reason}) and was replaced`)
    if (current.deaths > 1) {
      current.reject(new Error(`${first}: a worker died twice ${where} (${reason})`))
      member.pending.shift()
    }
    this.#members[place] = this.#hire(member.pending)
  }
}

/** Gives a worker a part, and first what it has to know for it. */
function send(member: Member, pending: Pending): void {
  const { job, part } = pending
  if (!member.jobs.has(job)) {
    member.jobs.add(job)
    const { id, settings, ended } = job
    member.handle.post({ job: id, settings, ...(ended && { ended }) })
  }
  member.pending.push(pending)
  member.handle.post({ job: job.id, part })
  holdIfBusy(member)
}

/** The process waits for workers that have something to do, and for no others. */
function holdIfBusy({ handle, pending }: Member): void {
  handle.keepAlive(pending.length > 0)
}
