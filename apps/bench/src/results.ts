// What a benchmark gives: the same object for the table, for --json and for a record.

import type { Machine } from './machine.ts'
import type { Peak } from './peak.ts'
import { ratios, type Summary, summarize } from './statistics.ts'

export interface Result {
  engine: string
  /** Build or version. */
  build: string
  /** Median over the rounds. */
  msPerPicture: number
  /** Milliseconds a picture of each round, in order. */
  samples: number[]
  /** Threads that it used. */
  threads: number
  /** Largest difference from the expected numbers, relative to the largest; null where not compared. */
  difference: number | null
  /** Ours ÷ this engine, round by round; below 1 ours is faster. Absent for ours. */
  oursRatio?: Summary
  gigaflops?: number
  /** Part of the machine's measured bound. */
  shareOfPeak?: number
  note?: string
  /** Of `kernels`: which. */
  layer?: string
  pass?: string
  /** Of `memory`: most resident bytes during the steps, over the whole life, and before the network. */
  peakBytes?: number
  lifetimePeakBytes?: number
  runtimeBytes?: number
}

/** An engine that was asked for and has no time. */
export interface Absent {
  engine: string
  build?: string
  why: 'skipped' | 'wrong' | 'failed'
  reason: string
  layer?: string
  pass?: string
}

export interface Report {
  task: 'infer' | 'train' | 'kernels' | 'memory' | 'browser'
  batch: number
  threads: number
  variant: string
  size: number
  rounds: number
  /** How the numbers were compared. */
  compared: string
  machine: Machine
  browser?: string
  peak?: Peak
  results: Result[]
  absent: Absent[]
}

/**
 * Fills in each row's ratio to the first row of ours (of the same kernel) and its share of the peak.
 *
 * @param flopsOf operations of a picture; undefined for a row that does only a part of them
 */
export function compare(
  results: Result[],
  flopsOf: (result: Result) => number | undefined,
  peak?: Peak,
): void {
  for (const result of results) {
    const ours = results.find(
      ({ engine, layer, pass }) =>
        engine === 'alexnet' && layer === result.layer && pass === result.pass,
    )
    if (ours && ours !== result) {
      result.oursRatio = summarize(ratios(ours.samples, result.samples))
    }
    const flops = flopsOf(result)
    if (flops === undefined) continue
    result.gigaflops = flops / result.msPerPicture / 1e6
    if (peak && peak.gigaflops > 0) result.shareOfPeak = result.gigaflops / peak.gigaflops
  }
}
