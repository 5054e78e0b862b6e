// Transforms made of transforms: some of the time, one of several, all in a drawn order. As
// torchvision's `RandomApply`, `RandomChoice` and `RandomOrder`.

import { requireProbability } from './checks.ts'
import { compose, settingsOf, type Transform } from './transform.ts'

/** All of them, with probability `p` (default 0.5), or none. Parameters are theirs, or null. */
export function randomApply(
  transforms: readonly Transform[],
  options: { p?: number } = {},
): Transform<readonly unknown[] | null> {
  const { p = 0.5 } = options
  requireProbability('randomApply', p)
  const all = compose(transforms)
  return {
    name: 'randomApply',
    ...settingsOf(transforms, options),
    sample: (random, size) => (random.float() < p ? all.sample(random, size) : null),
    outputSize: (size, parameters) => (parameters ? all.outputSize(size, parameters) : size),
    apply: (picture, parameters) => (parameters ? all.apply(picture, parameters) : picture),
  }
}

/** Which one was drawn, and its parameters. */
export interface RandomChoiceParameters {
  readonly choice: number
  readonly parameters: unknown
}

/** One of them: with probabilities in proportion to `p`, by default equal ones. */
export function randomChoice(
  transforms: readonly Transform[],
  options: { p?: readonly number[] } = {},
): Transform<RandomChoiceParameters> {
  const { p = transforms.map(() => 1) } = options
  const total = p.reduce((sum, share) => sum + share, 0)
  if (p.length !== transforms.length || p.some((share) => !(share >= 0)) || !(total > 0)) {
    throw new RangeError(
      `randomChoice: p must be ${transforms.length} shares from 0 up, not all 0, but is [${p}]`,
    )
  }
  return {
    name: 'randomChoice',
    ...settingsOf(transforms, options),
    sample(random, size) {
      let rest = random.float() * total
      let choice = p.findIndex((share) => {
        rest -= share
        return rest < 0
      })
      // Sums of shares may fall short of the total by rounding.
      if (choice < 0) choice = p.findLastIndex((share) => share > 0)
      return { choice, parameters: transforms[choice]!.sample(random, size) }
    },
    outputSize: (size, { choice, parameters }) => transforms[choice]!.outputSize(size, parameters),
    apply: (picture, { choice, parameters }) => transforms[choice]!.apply(picture, parameters),
  }
}

/** The drawn order, and the parameters in that order. */
export interface RandomOrderParameters {
  readonly order: readonly number[]
  readonly parameters: readonly unknown[]
}

/** All of them, every order equally likely. */
export function randomOrder(transforms: readonly Transform[]): Transform<RandomOrderParameters> {
  const ordered = (order: readonly number[]) => compose(order.map((at) => transforms[at]!))
  return {
    name: 'randomOrder',
    ...settingsOf(transforms),
    sample(random, size) {
      const order = random.shuffle(transforms.map((_, at) => at))
      return { order, parameters: ordered(order).sample(random, size) }
    },
    outputSize: (size, { order, parameters }) => ordered(order).outputSize(size, parameters),
    apply: (picture, { order, parameters }) => ordered(order).apply(picture, parameters),
  }
}
