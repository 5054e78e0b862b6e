// What `npm run experiments` measured, as docs/experiments/<name>.json holds it, and what the paper claims.

/** Runs that differ in their seed alone. */
export interface Group {
  name: string
  curves: { seed: number /** Error in percent after each epoch. */; errors: number[] }[]
  /** Of the last epoch's error, in percent. */
  error: { mean: number; deviation: number }
  /** Of the epoch that reached the target, where all runs did. */
  reached: { mean: number; deviation: number } | null
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
export const claims: readonly { title: string; text: string }[] = [
  {
    title: 'ReLU trains faster than tanh (§3.1)',
    text: 'A four-layer network with ReLUs reaches 25% training error on CIFAR-10 six times faster than the same one with tanh.',
  },
  {
    title: 'Local response normalisation helps (§3.3)',
    text: "It lowers top-1 and top-5 error by 1.4 and 1.2 points on ImageNet, and a four-layer network's test error on CIFAR-10 from 13% to 11%.",
  },
  {
    title: 'Overlapping pooling helps a little (§3.4)',
    text: 'Windows of 3×3 every 2 pixels in place of 2×2 lower top-1 and top-5 error by 0.4 and 0.3 points, and the network overfits a little less.',
  },
  {
    title: 'More pictures out of the same ones (§4.1)',
    text: 'Crops and mirror images keep the network from overfitting; changing the colours along their principal components lowers top-1 error by more than a point.',
  },
  {
    title: 'Dropout against overfitting (§4.2)',
    text: 'Half of the hidden units of the first two fully connected layers are dropped at each step. Without it the network overfits; it about doubles the steps to converge.',
  },
  {
    title: 'Larger and deeper than LeNet-5 (§1)',
    text: 'Depth matters: leaving out any convolutional layer loses about 2 points of top-1 (§7). LeNet-5 of 1998 has two convolutions and 60 thousand parameters, AlexNet five and 60 million.',
  },
]
