// Medians and spreads. A benchmark on a machine that does other things too has a long tail to one side,
// so nothing here is a mean.

/** The value below which a share of the samples lies, between neighbours in proportion. */
export function quantile(samples: readonly number[], share: number): number {
  if (samples.length === 0) return Number.NaN
  const sorted = [...samples].sort((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const below = Math.floor(place)
  const above = Math.ceil(place)
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (place - below)
}

export interface Summary {
  median: number
  /** A quarter of the samples lies below. */
  low: number
  /** A quarter of the samples lies above. */
  high: number
}

export function summarize(samples: readonly number[]): Summary {
  return {
    median: quantile(samples, 0.5),
    low: quantile(samples, 0.25),
    high: quantile(samples, 0.75),
  }
}

/** Ratios of two engines' samples round by round: what slows both in a round cancels out. */
export function ratios(ours: readonly number[], theirs: readonly number[]): number[] {
  const rounds = Math.min(ours.length, theirs.length)
  return Array.from({ length: rounds }, (_, round) => ours[round]! / theirs[round]!)
}

/**
 * Largest difference relative to the largest expected value, `expected` being repeated as often as needed.
 * NaN where a value is missing or not finite.
 */
export function relativeDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length === 0 || expected.length === 0) return Number.NaN
  let largest = 0
  let difference = 0
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]!))
  for (let i = 0; i < found.length; i++) {
    if (!Number.isFinite(found[i]!)) return Number.NaN
    difference = Math.max(difference, Math.abs(found[i]! - expected[i % expected.length]!))
  }
  return largest === 0 ? difference : difference / largest
}
