// What programs see of the ranks of a job: processes that were started together and exchange arrays. All of
// them must call the same operations in the same order; each operation is matched with its like by that order.

/** The form in which numbers travel; sums are float32 either way. */
export type Wire = 'float32' | 'float16'

export interface ReduceOptions {
  /** Default 'float32'. With 'float16' what is sent is rounded to half precision, the sums once more. */
  wire?: Wire
}

/** Bytes that this rank has sent and received for operations so far, heartbeats not counted. */
export interface Traffic {
  readonly sent: number
  readonly received: number
}

/** A rank is gone, late or different from the rest; the message names it. */
export class RankError extends Error {
  override readonly name = 'RankError'
}

export interface Communicator {
  /** This process's number, from 0. */
  readonly rank: number
  /** Number of processes. */
  readonly size: number
  /** The MPI library as it calls itself; '' for a process alone. */
  readonly library: string
  /** Each rank's process and host, for people: launchers name processes when one dies. */
  readonly processes: readonly string[]
  readonly traffic: Traffic

  /** An array that operations use without a copy, zeros at first. */
  allocate(length: number): Float32Array

  /**
   * Sums arrays of equal length over the ranks, in place, in the order of the ranks: rank 0's + rank 1's + …,
   * the same bits on every rank and in every run. Several may be under way at once.
   */
  allReduce(values: Float32Array, options?: ReduceOptions): Promise<void>

  /** Every rank's bytes, of any lengths, in the order of the ranks. */
  allGather(bytes: Uint8Array): Promise<Uint8Array[]>

  /** As `allGather`, for one rank only; the others get an empty list. */
  gather(bytes: Uint8Array, root?: number): Promise<Uint8Array[]>

  /** The root's bytes on every rank; no deadline, the root may be long in making them. */
  broadcast(bytes: Uint8Array, root?: number): Promise<Uint8Array>

  /** Fulfilled when every rank has come here, however long that takes. */
  barrier(): Promise<void>

  /**
   * Exchanges arrays of known lengths while the calling thread waits: `outgoing[r]` goes to rank r, what rank
   * r has for this one is written to `incoming[r]`. Own entries are copied.
   */
  exchangeSync(outgoing: readonly Float32Array[], incoming: readonly Float32Array[]): void

  /** Ends the whole job at once, its exit code not 0; the reason is written to standard error. */
  abort(reason: string): Promise<never>

  /** Waits for the other ranks, then leaves the job. Nothing may be under way. */
  close(): Promise<void>
}

/** The communicator of a process alone: every operation gives what it was given. */
export function alone(): Communicator {
  return {
    rank: 0,
    size: 1,
    library: '',
    processes: [],
    traffic: { sent: 0, received: 0 },
    allocate: (length) => new Float32Array(length),
    allReduce: async () => {},
    allGather: async (bytes) => [bytes],
    gather: async (bytes) => [bytes],
    broadcast: async (bytes) => bytes,
    barrier: async () => {},
    exchangeSync(outgoing, incoming) {
      incoming[0]!.set(outgoing[0]!)
    },
    abort: async (reason) => {
      throw new RankError(reason)
    },
    close: async () => {},
  }
}
