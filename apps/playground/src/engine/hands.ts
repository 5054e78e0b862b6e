// Hands on a picture: painted over, or nudged against the network, and how far that is from the picture it was.
import { fastGradientSign } from '@alexnet/core/explain'
import type { Picture } from '@alexnet/data'
import { Random, resize, transformPicture } from '@alexnet/data/transforms'
import { asPrepared, likeliest, type Model } from '@alexnet/model'
import { toPixels } from './decode.ts'
import type { NudgeView, Pixels } from './protocol.ts'

/** Pixels of a drawing pad a side. */
const PAD = 256
/** Pixels of the longer side that is shown at most. */
const SHOWN = 448

/** An empty drawing pad. */
export const blank = (): Picture => ({
  width: PAD,
  height: PAD,
  data: new Uint8Array(PAD * PAD * 3).fill(255),
})

/** A picture as the page shows it: no larger than a screen needs. */
export function forScreen(picture: Picture): Pixels {
  const { width, height } = picture
  const share = SHOWN / Math.max(width, height)
  if (share >= 1) return toPixels(picture)
  const size = [Math.max(1, Math.round(height * share)), Math.max(1, Math.round(width * share))]
  return toPixels(transformPicture(resize(size as [number, number]), picture, new Random(0)))
}

/** A nudged picture beside the one that it was, both as the network gets them. */
export interface Nudged {
  before: Picture
  after: Picture
  view: NudgeView
}

/**
 * Nudges every colour of every pixel by `epsilon` / 255 away from a class. The answer is that to the picture in whole
 * bytes, as a file would hold it.
 *
 * @param target undefined for the likeliest class
 */
export async function nudged(
  model: Model,
  input: Float32Array,
  epsilon: number,
  target: number | undefined,
): Promise<Nudged> {
  const { network, labels, preprocessing } = model
  const steps = Array.from(preprocessing.std, (std) => epsilon / 255 / std)
  const found = await fastGradientSign(network, input, { epsilon: steps, target })
  const before = asPrepared(preprocessing, input)
  const after = asPrepared(preprocessing, found.data)
  const again = input.map(
    (value, at) => value + (after.data[at]! - before.data[at]!) / 255 / preprocessing.std[at % 3]!,
  )
  const difference = after.data.map((byte, at) => {
    return epsilon === 0 ? 128 : 128 + Math.round((127 * (byte - before.data[at]!)) / epsilon)
  })
  const top = async (one: Float32Array) => likeliest(await model.logits(one), labels, 5, 0)
  const view = {
    target: found.target,
    before: { pixels: toPixels(before), top: await top(input) },
    after: { pixels: toPixels(after), top: await top(again) },
    difference: toPixels({ ...before, data: difference }),
  }
  return { before, after, view }
}
