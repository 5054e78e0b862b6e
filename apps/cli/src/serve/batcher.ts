// Requests joined into batches: the first of a batch waits for others, at most so long; one batch is computed at a time,
// and while it is, the next one fills.

/** How requests are joined. */
export interface BatchLimits {
  /** Items that are computed together. */
  maxBatch: number
  /** Milliseconds that the first item of a batch waits for others. */
  maxWait: number
}

interface Waiting<T, R> {
  item: T
  resolve(result: R): void
  reject(error: unknown): void
}

/** Joins items of one kind; `lock` keeps kinds from being computed at the same time. */
export class Batcher<T, R> {
  readonly #compute: (items: T[]) => Promise<R[]>
  readonly #limits: BatchLimits
  readonly #lock: Lock
  #waiting: Waiting<T, R>[] = []
  #timer: NodeJS.Timeout | undefined
  #running = false

  /** @param compute gives a result for each item, in their order */
  constructor(compute: (items: T[]) => Promise<R[]>, limits: BatchLimits, lock: Lock) {
    this.#compute = compute
    this.#limits = limits
    this.#lock = lock
  }

  /** The item's result; rejects with what its batch rejects with. */
  add(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      if (this.#waiting.length >= this.#limits.maxBatch) this.#start()
      else this.#timer ??= setTimeout(() => this.#start(), this.#limits.maxWait)
    })
  }

  #start(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#running || this.#waiting.length === 0) return
    this.#running = true
    void this.#lock.run(async () => {
      // What came while the lock was waited for goes along.
      const batch = this.#waiting.splice(0, this.#limits.maxBatch)
      try {
        const results = await this.#compute(batch.map(({ item }) => item))
        for (const [index, { resolve }] of batch.entries()) resolve(results[index]!)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
      this.#running = false
      if (this.#waiting.length > 0) this.#start()
    })
  }
}

/** Work one after the other, in the order asked. */
export class Lock {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => {})
    return result
  }
}
