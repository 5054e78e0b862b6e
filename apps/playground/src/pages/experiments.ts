// What `npm run experiments` measured, as docs/experiments/<name>.json holds it, and what the paper claims,
// each claim with the runs that test it.

import { t } from '../text/text.ts'

/** Runs that differ in their seed alone. */
export interface Group {
  name: string
  curves: { seed: number /** Error in percent after each epoch. */; errors: number[] }[]
  /** Of the last epoch's error, in percent. */
  error: Spread
  /** Of the epoch that reached the target, where all runs did. */
  reached: Spread | null
}

export interface Spread {
  mean: number
  deviation: number
}

export interface Experiment {
  name: string
  title: string
  /** What the source says, and where. */
  claim: string
  /** Of which pictures `errors` are; kept out of training are those that choices are made by. */
  measure: 'training' | 'test' | 'kept-out'
  /** Error in percent that is waited for. */
  target: number | null
  groups: Group[]
}

/** What the paper says: the page has a title and a text for each name, with section and numbers. */
export interface Claim {
  name: 'relu' | 'lrn' | 'pooling' | 'augmentation' | 'dropout' | 'depth'
  /** The experiment that repeats it, and which of its groups; the first is the paper's own choice. */
  experiment: string
  groups: readonly string[]
}

/** By the runs that are long enough to overfit. */
const ablation = (name: Claim['name'], ...groups: string[]): Claim => ({
  name,
  experiment: 'ablations-long',
  groups: ['everything', ...groups],
})

export const claims: readonly Claim[] = [
  { name: 'relu', experiment: 'figure-1', groups: ['relu', 'tanh', 'sigmoid'] },
  ablation('lrn', 'without LRN'),
  ablation('pooling', 'without overlapping pools'),
  ablation('augmentation', 'without crops and mirror', 'with colour noise'),
  ablation('dropout', 'without dropout'),
  { name: 'depth', experiment: 'ablations', groups: ['everything', 'LeNet-5'] },
]

/** A claim's measured part: its groups in its order, and the names of those that are not measured yet. */
export function measuredFor(
  { experiment, groups }: Claim,
  experiments: readonly Experiment[],
): { measured: Experiment | undefined; missing: string[] } {
  const whole = experiments.find(({ name }) => name === experiment)
  const found = groups.flatMap((name) => whole?.groups.find((group) => group.name === name) ?? [])
  const missing = groups.filter((name) => found.every((group) => group.name !== name))
  // One curve alone says nothing about a difference.
  const enough = whole && found.length > 1
  return { measured: enough ? { ...whole, groups: found } : undefined, missing }
}

/** The mean over the runs that have got to each epoch. */
export function meanCurve({ curves }: Group, epochs: number): (number | null)[] {
  return Array.from({ length: epochs }, (_, epoch) => {
    const values = curves.flatMap(({ errors }) => (epoch < errors.length ? [errors[epoch]!] : []))
    return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null
  })
}

/** What the numbers say in a sentence: epochs to the target where there is one, errors at the end otherwise. */
export function verdict({ target, measure, groups }: Experiment): string {
  const [first, ...others] = groups as [Group, ...Group[]]
  const error = t(`paper.error.${measure}`)
  if (target !== null) {
    const said = others.map(({ name, reached, curves }) => {
      if (!first.reached) return t(reached ? 'verdict.reaches' : 'verdict.reachesNot', { name })
      const timesOf = (epochs: number) => (epochs / first.reached!.mean).toFixed(1)
      if (reached) return t('verdict.times', { name, times: timesOf(reached.mean) })
      const epochs = Math.max(...curves.map(({ errors }) => errors.length))
      const some = curves.some(({ errors }) => errors.some((error) => error <= target))
      const times = timesOf(epochs)
      return t(some ? 'verdict.notAlways' : 'verdict.notIn', { name, epochs, times })
    })
    return t('verdict.reached', {
      error,
      name: first.name,
      target,
      own: first.reached
        ? t('verdict.after', { epochs: first.reached.mean.toFixed(1) })
        : t('verdict.never'),
      others: said.join(t('verdict.join')),
    })
  }
  const said = others.map(({ name, error }) => {
    const points = error.mean - first.error.mean
    const said = { name, points: Math.abs(points).toFixed(2) }
    return t(points >= 0 ? 'verdict.more' : 'verdict.less', said)
  })
  return t('verdict.atEnd', {
    error,
    own: t('verdict.own', { error: first.error.mean.toFixed(2), name: first.name }),
    others: said.join(t('verdict.join')),
  })
}
