// Random numbers of shapes that mixing needs, from a uniform stream: gamma (Marsaglia and Tsang,
// "A simple method for generating gamma variables", 2000), and from it beta and Dirichlet.

import type { Random } from '../random.ts'

/** Gamma-distributed with the given shape, scale 1. */
export function gamma(random: Random, shape: number): number {
  // A shape below 1 is one above it, shrunk (section 6 of the paper).
  if (shape < 1) return gamma(random, shape + 1) * (1 - random.float()) ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const normal = random.normal()
    const cube = (1 + c * normal) ** 3
    if (cube <= 0) continue
    const uniform = 1 - random.float()
    if (Math.log(uniform) < 0.5 * normal * normal + d - d * cube + d * Math.log(cube)) {
      return d * cube
    }
  }
}

/** Shares that sum to 1, Dirichlet-distributed with one `alpha` for all `count`. */
export function dirichlet(random: Random, alpha: number, count: number): number[] {
  const draws = Array.from({ length: count }, () => gamma(random, alpha))
  const sum = draws.reduce((total, draw) => total + draw, 0)
  // All draws of a tiny alpha may underflow: then one share takes all, as the limit does.
  if (!(sum > 0)) {
    const winner = random.integer(count)
    return draws.map((_, at) => (at === winner ? 1 : 0))
  }
  return draws.map((draw) => draw / sum)
}

/** Beta-distributed with both parameters `alpha`: 0 to 1. */
export function beta(random: Random, alpha: number): number {
  return dirichlet(random, alpha, 2)[0]!
}
