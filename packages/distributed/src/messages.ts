// What the calling thread and the thread of the rank say to each other. Arrays lie on shared memory.

/** How a rank is started. */
export interface RankSettings {
  readonly launcher: 'Open MPI' | 'MPICH' | 'Slurm' | undefined
  /** Ranks that the launcher started; undefined where it did not say. */
  readonly size: number | undefined
  /** Counts whatever happens on the calling thread; the rank's thread sleeps on it. */
  readonly wake: Int32Array<SharedArrayBuffer>
  /** Counts answers; the calling thread may sleep on it. */
  readonly answered: Int32Array<SharedArrayBuffer>
  /** Bytes sent and received. */
  readonly traffic: Float64Array<SharedArrayBuffer>
  readonly deadlineSeconds: number
  readonly silenceSeconds: number
}

export type Task =
  | { kind: 'allReduce'; values: Float32Array; half: boolean }
  | { kind: 'gather'; bytes: Uint8Array; root: number | undefined; patient?: boolean }
  | { kind: 'broadcast'; bytes: Uint8Array; root: number }
  | { kind: 'exchange'; outgoing: readonly Float32Array[]; incoming: readonly Float32Array[] }
  | { kind: 'abort'; reason: string }
  | { kind: 'close' }

export type Order = { id: number } & Task

export type Answer =
  | { id: number; result: unknown }
  | { id: -1; ready: { rank: number; size: number; library: string; processes: string[] } }
  | { id: -1; failure: string }
