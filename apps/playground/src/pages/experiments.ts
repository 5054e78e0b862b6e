// What `npm run experiments` measured, as docs/experiments/<name>.json holds it, and what the paper claims,
// each claim with the runs that test it.

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
  measure: 'training' | 'test'
  /** Error in percent that is waited for. */
  target: number | null
  groups: Group[]
}

/** What the paper says, with its section and numbers. */
export interface Claim {
  title: string
  text: string
  /** The experiment that repeats it, and which of its groups; the first is the paper's own choice. */
  experiment: string
  groups: readonly string[]
}

export const claims: readonly Claim[] = [
  {
    title: 'ReLU trains faster than tanh (§3.1)',
    text: 'A four-layer network with ReLUs reaches 25% training error on CIFAR-10 six times faster than the same one with tanh.',
    experiment: 'figure-1',
    groups: ['relu', 'tanh', 'sigmoid'],
  },
  {
    title: 'Local response normalisation helps (§3.3)',
    text: "It lowers top-1 and top-5 error by 1.4 and 1.2 points on ImageNet, and a four-layer network's test error on CIFAR-10 from 13% to 11%.",
    experiment: 'ablations',
    groups: ['everything', 'without LRN'],
  },
  {
    title: 'Overlapping pooling helps a little (§3.4)',
    text: 'Windows of 3×3 every 2 pixels in place of 2×2 lower top-1 and top-5 error by 0.4 and 0.3 points, and the network overfits a little less.',
    experiment: 'ablations',
    groups: ['everything', 'without overlapping pools'],
  },
  {
    title: 'More pictures out of the same ones (§4.1)',
    text: 'Crops and mirror images keep the network from overfitting; changing the colours along their principal components lowers top-1 error by more than a point.',
    experiment: 'ablations',
    groups: ['everything', 'without crops and mirror', 'with colour noise'],
  },
  {
    title: 'Dropout against overfitting (§4.2)',
    text: 'Half of the hidden units of the first two fully connected layers are dropped at each step. Without it the network overfits; it about doubles the steps to converge.',
    experiment: 'ablations',
    groups: ['everything', 'without dropout'],
  },
  {
    title: 'Larger and deeper than LeNet-5 (§1)',
    text: 'Depth matters: leaving out any convolutional layer loses about 2 points of top-1 (§7). LeNet-5 of 1998 has two convolutions and 60 thousand parameters, AlexNet five and 60 million.',
    experiment: 'ablations',
    groups: ['everything', 'LeNet-5'],
  },
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
  if (target !== null) {
    const said = others.map(({ name, reached, curves }) => {
      if (!first.reached) return `${name} ${reached ? 'does' : 'does not'}`
      const timesOf = (epochs: number) => (epochs / first.reached!.mean).toFixed(1)
      if (reached) return `${name} takes ${timesOf(reached.mean)} times as many epochs`
      const epochs = Math.max(...curves.map(({ errors }) => errors.length))
      const some = curves.some(({ errors }) => errors.some((error) => error <= target))
      return `${name} does not${some ? ' always' : ''} in ${epochs}, ${timesOf(epochs)} times as many`
    })
    const own = first.reached ? `after ${first.reached.mean.toFixed(1)} epochs` : 'never'
    return `${first.name} reaches ${target}% ${measure} error ${own}; ${said.join('; ')}.`
  }
  const said = others.map(({ name, error }) => {
    const points = error.mean - first.error.mean
    const more = points >= 0 ? 'more' : 'less'
    return `${name} it is ${Math.abs(points).toFixed(2)} points ${more}`
  })
  const own = `${first.error.mean.toFixed(2)}% with ${first.name}`
  return `${measure === 'test' ? 'Test' : 'Training'} error at the end: ${own}; ${said.join('; ')}.`
}
