// AugMix (Hendrycks et al., 2019): several short chains of operations, mixed with the picture by
// drawn weights, as torchvision's `AugMix`. torchvision turns a PIL picture into a tensor first, so
// its chains run on its tensor operations; these run on the operations that equal Pillow's, as the
// authors' own code does.

import { requireWarp } from '../operations/warp.ts'
import type { Picture } from '../picture.ts'
import {
  type AugmentationOptions,
  type AugmentationStep,
  applyAugmentation,
  augmentationSpace,
  fallingBits,
} from './augmentation-space.ts'
import { requireWhole } from './checks.ts'
import { dirichlet } from './distributions.ts'
import type { Transform } from './transform.ts'

/** Options of `augMix`: `interpolation` (default bilinear), `fill` (black), and these. */
export interface AugMixOptions extends AugmentationOptions {
  /** Magnitudes are drawn from the lowest `severity` of 10 bins, 1 to 10. Default 3. */
  severity?: number
  /** Number of chains. Default 3. */
  mixtureWidth?: number
  /** Operations of a chain; below 1, drawn from 1 to 3. Default -1. */
  chainDepth?: number
  /** Of the Dirichlet and beta distributions that the weights come from. Default 1. */
  alpha?: number
  /** Also brightness, colour, contrast and sharpness. Default true. */
  allOps?: boolean
}

/** Weights sum to 1: of the picture itself, then of each chain. */
export interface AugMixParameters {
  readonly weights: readonly number[]
  readonly chains: readonly (readonly AugmentationStep[])[]
}

/** Draws the weights, then each chain's operations. */
export function augMix(options: AugMixOptions = {}): Transform<AugMixParameters> {
  const { severity = 3, mixtureWidth = 3, chainDepth = -1, alpha = 1, allOps = true } = options
  const { interpolation = 'bilinear', fill = 0 } = options
  requireWarp('augMix', { interpolation, fill })
  requireWhole('augMix', 'severity', severity, 1)
  requireWhole('augMix', 'mixtureWidth', mixtureWidth, 1)
  requireWhole('augMix', 'chainDepth', chainDepth, -1)
  if (severity > 10) throw new RangeError(`augMix: severity must be 1 to 10, not ${severity}`)
  if (!(alpha > 0)) throw new RangeError(`augMix: alpha must be above 0, not ${alpha}`)
  const space = augmentationSpace(
    {
      shear: 0.3,
      translateX: ({ width }) => width / 3,
      translateY: ({ height }) => height / 3,
      rotate: 30,
      factor: allOps ? 0.9 : undefined,
      posterize: fallingBits(4, 4),
    },
    { factorsLast: true },
  )
  const names = [...space.keys()]
  return {
    name: 'augMix',
    settings: [options],
    sample(random, size) {
      const [own, others] = dirichlet(random, alpha, 2) as [number, number]
      const shares = dirichlet(random, alpha, mixtureWidth)
      const chains = shares.map(() => {
        const depth = chainDepth > 0 ? chainDepth : 1 + random.integer(3)
        return Array.from({ length: depth }, () => {
          const operation = names[random.integer(names.length)]!
          const scale = space.get(operation)!
          const bin = scale.plain ? 0 : random.integer(severity)
          const magnitude = scale.magnitude(bin, 10, size)
          const negative = scale.signed && random.integer(2) === 1
          return { operation, magnitude: negative ? -magnitude : magnitude }
        })
      })
      return { weights: [own, ...shares.map((share) => share * others)], chains }
    },
    outputSize: (size) => size,
    apply(picture, { weights, chains }) {
      const how = { interpolation, fill }
      const results = chains.map((chain) =>
        chain.reduce((current, step) => applyAugmentation(current, step, how), picture),
      )
      return mix([picture, ...results], weights)
    },
  }
}

/** The weighted sum in float32, cut off to bytes. */
function mix(pictures: readonly Picture[], weights: readonly number[]): Picture {
  const { width, height, data } = pictures[0]!
  const sums = new Float32Array(data.length)
  pictures.forEach((picture, at) => {
    const weight = Math.fround(weights[at]!)
    const source = picture.data
    for (let i = 0; i < sums.length; i++) {
      sums[i] = sums[i]! + Math.fround(weight * source[i]!)
    }
  })
  const result = new Uint8Array(data.length)
  for (let i = 0; i < sums.length; i++) result[i] = Math.min(255, sums[i]!)
  return { width, height, data: result }
}
