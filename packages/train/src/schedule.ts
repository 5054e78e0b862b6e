// Learning-rate schedules: pure functions of how far the run is, so that resuming needs no state.

/** Gives the learning rate of a step. `step` counts from 0 over the whole run of `steps`. */
export type Schedule = (step: number, steps: number) => number

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
