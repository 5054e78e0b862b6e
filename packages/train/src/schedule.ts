// Learning-rate schedules: pure functions of how far the run is and of what its epochs came to, so that
// resuming needs no state beyond the history that a checkpoint keeps anyway.

import type { Metrics } from './metrics.ts'

/** What a schedule may look back at: one record an epoch done. */
export type ScheduleHistory = readonly { readonly train: Metrics; readonly validation?: Metrics }[]

/** Gives the learning rate of a step. `step` counts from 0 over the whole run of `steps`. */
export type Schedule = (step: number, steps: number, history?: ScheduleHistory) => number

/** The same rate at every step. */
export const constant =
  (learningRate: number): Schedule =>
  () =>
    learningRate

/**
 * Multiplies the rate by `factor` at each of the given points of the run.
 *
 * @param points shares of the run in (0, 1), for example [0.5, 0.75]
 */
export const steps =
  (learningRate: number, points: readonly number[], factor = 0.1): Schedule =>
  (step, total) =>
    learningRate * factor ** points.filter((point) => step >= point * total).length

/**
 * From the rate down to `end` as a half cosine, as torch.optim.lr_scheduler.CosineAnnealingLR with
 * T_max the number of steps (Loshchilov & Hutter 2017, without restarts).
 */
export const cosine =
  (learningRate: number, end = 0): Schedule =>
  (step, total) =>
    end + ((learningRate - end) / 2) * (1 + Math.cos((Math.PI * step) / total))

/**
 * One-cycle: up from peak/25 over the first `warmUp` share of the run and down to peak/10⁴·1/25, both as
 * half cosines (Smith & Topin 2018; the defaults of torch.optim.lr_scheduler.OneCycleLR).
 */
export const oneCycle =
  (peak: number, warmUp = 0.3): Schedule =>
  (step, total) => {
    const start = peak / 25
    const end = start / 1e4
    const top = warmUp * total - 1
    const last = total - 1
    const between = (from: number, to: number, share: number) =>
      to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share))
    if (step <= top) return between(start, peak, top > 0 ? step / top : 1)
    return between(peak, end, last > top ? (step - top) / (last - top) : 1)
  }

/** Options of `plateau`. */
export interface PlateauOptions {
  /** What the rate is multiplied by. Default 0.1, the paper's. */
  factor?: number
  /** Epochs without an improvement that are waited for before it falls. Default 2. */
  patience?: number
  /** Share by which an error must fall to count as better. Default 1e-4. */
  threshold?: number
  /** How often it falls at most. Default 3, the paper's. */
  reductions?: number
}

/**
 * Divides the rate when the validation error (else the training error) stops falling: section 5 of the
 * paper, in the terms of torch.optim.lr_scheduler.ReduceLROnPlateau.
 */
export const plateau =
  (learningRate: number, options: PlateauOptions = {}): Schedule =>
  (_step, _total, history = []) => {
    const { factor = 0.1, patience = 2, threshold = 1e-4, reductions = 3 } = options
    let best = Number.POSITIVE_INFINITY
    let waited = 0
    let fallen = 0
    for (const { train, validation } of history) {
      const error = 1 - (validation ?? train).top1
      if (error < best * (1 - threshold)) {
        best = error
        waited = 0
      } else {
        waited += 1
      }
      if (waited > patience && fallen < reductions) {
        fallen += 1
        waited = 0
      }
    }
    return learningRate * factor ** fallen
  }

/**
 * A linear climb over the first `share` of the run, from `start` times the schedule's first rate, before
 * the schedule begins: LinearLR and then the schedule in torch's SequentialLR.
 */
export const withWarmUp =
  (schedule: Schedule, share: number, start = 0.01): Schedule =>
  (step, total, history) => {
    const climb = Math.round(share * total)
    if (step >= climb) return schedule(step - climb, total - climb, history)
    return schedule(0, total - climb, history) * (start + ((1 - start) * step) / climb)
  }

/** A schedule as plain data. */
export type ScheduleRecord =
  | { readonly kind: 'constant' }
  | { readonly kind: 'steps'; readonly points: readonly number[]; readonly factor?: number }
  | { readonly kind: 'cosine'; readonly end?: number }
  | { readonly kind: 'one-cycle'; readonly warmUp?: number }
  | ({ readonly kind: 'plateau' } & Readonly<PlateauOptions>)

/** The schedule that a record describes, with this (highest) learning rate. */
export function createSchedule(record: ScheduleRecord, learningRate: number): Schedule {
  switch (record.kind) {
    case 'constant':
      return constant(learningRate)
    case 'steps':
      return steps(learningRate, record.points, record.factor)
    case 'cosine':
      return cosine(learningRate, record.end)
    case 'one-cycle':
      return oneCycle(learningRate, record.warmUp)
    case 'plateau':
      return plateau(learningRate, record)
  }
}
