// Occlusion: what a class loses when a square of the picture is covered.
import * as tf from '@tensorflow/tfjs'
import { OptionError, requireWholeNumber } from '../errors.ts'
import { type Chain, chainOf, inputTensor, logitOf, read, run, targetClass } from './chain.ts'
import type { TargetOptions } from './gradients.ts'
import type { HeatMap } from './maps.ts'

export interface OcclusionOptions extends TargetOptions {
  /** Pixels a side of the square. Default: a quarter of the picture's shorter side. */
  size?: number
  /** Pixels from one place of it to the next. Default: a quarter of `size`. */
  stride?: number
  /** What covers: a number in the prepared picture's scale. Default 0: the mean colour. */
  value?: number
  /** What is watched: the class's softmax `probability` (default) or its `logit`. */
  score?: 'probability' | 'logit'
  /** Covered pictures that go through the network together. Default 16. */
  batchSize?: number
  /** Called after each batch with the places done and all of them. */
  onProgress?: (done: number, total: number) => void
}

export interface OcclusionMap extends HeatMap {
  target: number
  /** The score of the picture as it is. */
  score: number
}

/**
 * For each pixel, how much of a class's score is lost when a square over it is covered, as a mean over all
 * places of the square that cover it. Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks"
 * (2013), arXiv:1311.2901, §4.2. The last place of the square in a row and a column is flush with the border.
 */
export async function occlusion(
  model: tf.LayersModel,
  input: Float32Array,
  options: OcclusionOptions = {},
): Promise<OcclusionMap> {
  const chain = chainOf(model)
  const [height, width, channels] = chain.inputShape
  const { value = 0, score: kind = 'probability', onProgress } = options
  const size = requireWholeNumber(
    'size',
    options.size ?? Math.max(1, Math.round(Math.min(height, width) / 4)),
    1,
  )
  if (size > Math.min(height, width)) {
    throw new OptionError(`size ${size} is larger than the picture of ${height}×${width} pixels`)
  }
  const stride = requireWholeNumber(
    'stride',
    options.stride ?? Math.max(1, Math.round(size / 4)),
    1,
  )
  const batchSize = requireWholeNumber('batchSize', options.batchSize ?? 16, 1)
  const target = await targetClass(chain, input, options.target)
  const [whole = 0] = await scores(chain, input, target, kind)
  const places = positions(height, size, stride).flatMap((top) =>
    positions(width, size, stride).map((left) => ({ top, left })),
  )
  const lost = new Float64Array(height * width)
  const covers = new Uint32Array(height * width)
  for (let first = 0; first < places.length; first += batchSize) {
    const batch = places.slice(first, first + batchSize)
    const covered = new Float32Array(batch.length * input.length)
    for (const [at, { top, left }] of batch.entries()) {
      const picture = covered.subarray(at * input.length, (at + 1) * input.length)
      picture.set(input)
      for (let row = top; row < top + size; row++) {
        const start = (row * width + left) * channels
        picture.fill(value, start, start + size * channels)
      }
    }
    const found = await scores(chain, covered, target, kind)
    for (const [at, { top, left }] of batch.entries()) {
      for (let row = top; row < top + size; row++) {
        for (let column = left; column < left + size; column++) {
          lost[row * width + column]! += whole - found[at]!
          covers[row * width + column]!++
        }
      }
    }
    onProgress?.(first + batch.length, places.length)
  }
  // A stride longer than the square leaves gaps, about which nothing is known.
  const data = Float32Array.from(lost, (sum, i) => (covers[i] === 0 ? 0 : sum / covers[i]!))
  return { height, width, data, target, score: whole }
}

/** 0, stride, 2 · stride, …, and the last place that fits. */
function positions(length: number, size: number, stride: number): number[] {
  const found: number[] = []
  for (let at = 0; at < length - size; at += stride) found.push(at)
  return [...found, length - size]
}

function scores(
  chain: Chain,
  input: Float32Array,
  target: number,
  kind: 'probability' | 'logit',
): Promise<Float32Array> {
  return read(
    tf.tidy(() => {
      const logits = run(chain, inputTensor(chain, input))
      return logitOf(kind === 'logit' ? logits : tf.softmax(logits), target)
    }),
  )
}
