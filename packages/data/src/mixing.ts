// Transforms of whole batches: MixUp (Zhang et al., 2017) and CutMix (Yun et al., 2019) mix each
// picture with its neighbour in the batch and its label likewise, as torchvision's `MixUp` and
// `CutMix`. The target of a mixed picture is `share` of its own class and the rest of the other's:
// two class numbers and a share a picture, small whatever the number of classes; `softTargets`
// writes them out as rows of probabilities.

import type { Random } from './random.ts'
import { beta } from './transforms/distributions.ts'

/** What mixing needs of a batch; the loader's batches have it. */
export interface MixableBatch {
  /** NHWC; bytes are rounded after mixing. */
  readonly images: Float32Array | Uint8Array
  readonly shape: readonly [count: number, height: number, width: number, channels: number]
  readonly labels: Int32Array
}

/** A batch whose pictures belong to two classes each. */
export type MixedBatch<B extends MixableBatch = MixableBatch> = B & {
  /** The class of what was mixed in. */
  readonly otherLabels: Int32Array
  /** How much of each picture is its own class, 0 to 1; the rest is the other's. */
  readonly share: Float32Array
}

/** A transform of batches: `sample` draws, `apply` is pure. */
export interface BatchTransform<P = unknown> {
  readonly name: string
  /** The arguments it was made with, plain data. */
  readonly settings: readonly unknown[]
  sample(random: Random, batch: MixableBatch): P
  /** Makes a new batch; the given one is not changed. */
  apply<B extends MixableBatch>(batch: B, parameters: P): MixedBatch<B>
}

/** Options of both. */
export interface MixingOptions {
  /** Of the beta distribution that the share comes from. Default 1: all shares equally likely. */
  alpha?: number
}

/**
 * Every picture becomes `share` of itself and the rest of the picture before it (the first takes
 * the last). One share a batch, as in torchvision.
 */
export function mixUp(options: MixingOptions = {}): BatchTransform<{ share: number }> {
  const alpha = readAlpha('mixUp', options)
  return {
    name: 'mixUp',
    settings: [options],
    sample: (random) => ({ share: beta(random, alpha) }),
    apply(batch, { share }) {
      const { images } = batch
      const length = images.length / batch.shape[0]
      const own = Math.fround(share)
      const rest = Math.fround(1 - share)
      const half = images instanceof Uint8Array ? 0.5 : 0
      const mixed =
        images instanceof Uint8Array
          ? new Uint8Array(images.length)
          : new Float32Array(images.length)
      let other = images.length - length
      for (let at = 0; at < images.length; at++, other++) {
        if (other === images.length) other = 0
        mixed[at] =
          Math.fround(Math.fround(images[other]! * rest) + Math.fround(images[at]! * own)) + half
      }
      return mixedBatch(batch, mixed, share)
    },
  }
}

/** A rectangle in pixels, its end not included. */
export interface CutMixParameters {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/**
 * A rectangle of every picture is overwritten by that of the picture before it (the first takes the
 * last's). One rectangle a batch, as in torchvision; the share is what it leaves.
 */
export function cutMix(options: MixingOptions = {}): BatchTransform<CutMixParameters> {
  const alpha = readAlpha('cutMix', options)
  return {
    name: 'cutMix',
    settings: [options],
    sample(random, { shape: [, height, width] }) {
      const share = beta(random, alpha)
      const x = random.integer(width)
      const y = random.integer(height)
      const reach = 0.5 * Math.sqrt(1 - share)
      const halfWidth = Math.trunc(reach * width)
      const halfHeight = Math.trunc(reach * height)
      return {
        left: Math.max(0, x - halfWidth),
        top: Math.max(0, y - halfHeight),
        right: Math.min(width, x + halfWidth),
        bottom: Math.min(height, y + halfHeight),
      }
    },
    apply(batch, { left, top, right, bottom }) {
      const [count, height, width, channels] = batch.shape
      const { images } = batch
      const mixed = images.slice()
      const length = height * width * channels
      for (let picture = 0; picture < count; picture++) {
        const from = ((picture + count - 1) % count) * length
        for (let row = top; row < bottom; row++) {
          const start = (row * width + left) * channels
          const end = (row * width + right) * channels
          mixed.set(images.subarray(from + start, from + end), picture * length + start)
        }
      }
      const share = 1 - ((right - left) * (bottom - top)) / (width * height)
      return mixedBatch(batch, mixed, share)
    },
  }
}

/** Which one was drawn, and its parameters. */
export interface BatchChoice {
  readonly choice: number
  readonly parameters: unknown
}

/** One of several batch transforms, each equally likely: `mixingChoice([mixUp(), cutMix()])`. */
export function mixingChoice(transforms: readonly BatchTransform[]): BatchTransform<BatchChoice> {
  if (transforms.length === 0) throw new RangeError('mixingChoice: give at least one transform')
  return {
    name: 'mixingChoice',
    settings: [transforms.map(({ name, settings }) => ({ name, settings }))],
    sample(random, batch) {
      const choice = random.integer(transforms.length)
      return { choice, parameters: transforms[choice]!.sample(random, batch) }
    },
    apply: (batch, { choice, parameters }) => transforms[choice]!.apply(batch, parameters),
  }
}

/**
 * The targets as rows of class probabilities, `count × classes`, each summing to 1.
 * @throws RangeError where a label is not below `classes`.
 */
export function softTargets(
  batch: Pick<MixedBatch, 'labels'> & Partial<Pick<MixedBatch, 'otherLabels' | 'share'>>,
  classes: number,
): Float32Array {
  const { labels, otherLabels = labels, share } = batch
  const targets = new Float32Array(labels.length * classes)
  labels.forEach((label, picture) => {
    const other = otherLabels[picture]!
    const own = share ? share[picture]! : 1
    for (const found of [label, other]) {
      if (found < 0 || found >= classes) {
        throw new RangeError(`softTargets: label ${found} is not one of ${classes} classes`)
      }
    }
    targets[picture * classes + label]! += own
    targets[picture * classes + other]! += 1 - own
  })
  return targets
}

function mixedBatch<B extends MixableBatch>(
  batch: B,
  images: B['images'],
  share: number,
): MixedBatch<B> {
  const { labels } = batch
  const count = labels.length
  return {
    ...batch,
    images,
    otherLabels: labels.map((_, at) => labels[(at + count - 1) % count]!),
    share: new Float32Array(count).fill(share),
  }
}

function readAlpha(name: string, { alpha = 1 }: MixingOptions): number {
  if (!(alpha > 0 && Number.isFinite(alpha))) {
    throw new RangeError(`${name}: alpha must be a number above 0, not ${alpha}`)
  }
  return alpha
}
