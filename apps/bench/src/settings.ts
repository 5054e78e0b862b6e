// What a run was asked to do, every default made explicit.

import type { WeightFormat } from './engines/session.ts'
import type { Report } from './results.ts'

export interface Settings {
  task: Report['task']
  variant: string
  /** Pixels a side; undefined takes the variant's own. */
  size?: number
  batches: number[]
  threads: number
  /** Peers by name; undefined takes those that take part by default. */
  peers?: string[]
  rounds: number
  /** Builds of ours, a row each; empty takes the fastest that runs. */
  builds: string[]
  /** Lets V8 widen vectors to 256 bits for ours. */
  widen: boolean
  /** Formats of ours' fully connected weights that get a row each beside float32. */
  weights: WeightFormat[]
  /** Adds a row of ours on one thread. */
  scaling: boolean
  /** Of `kernels`: layers whose name contains this. */
  layers?: string
  python?: string
  chromium?: string
  json: boolean
  record?: string
}

/** Told as the work goes on; a person reads it on stderr. */
export type Progress = (text: string) => void
