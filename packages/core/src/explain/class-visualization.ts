// The picture that a class's logit likes best, found by climbing its gradient from noise.
import * as tf from '@tensorflow/tfjs'
import { OptionError, requireWholeNumber } from '../errors.ts'
import { fillUniform, words } from '../random.ts'
import { type Chain, chainOf, inputTensor, logitOf, read, run, targetClass } from './chain.ts'
import type { Attribution } from './gradients.ts'

export interface ClassVisualizationOptions {
  /** Number of steps. Default 256. */
  steps?: number
  /** Length of a step: the root mean square of what it adds to a number of the picture. Default 0.05. */
  rate?: number
  /** Share of the picture that a step takes away, the L2 penalty of the paper. Default 0.003. */
  decay?: number
  /** The picture is moved by up to this many pixels before each step, and back. Default 2; 0 for none. */
  jitter?: number
  /** Steps between blurrings with a 3×3 binomial filter. Default 8; 0 for none. */
  blurEvery?: number
  /** Whole number that the first picture and the movements follow from. Default 0. */
  seed?: number
  /** A prepared picture to begin with. Default: faint noise. */
  start?: Float32Array
  /** Called after each step. @returns false to stop there */
  onStep?: (step: number, steps: number) => unknown
}

export interface ClassVisualization extends Attribution {
  /** The class's logit for the first picture and for the last. */
  logits: [first: number, last: number]
}

/**
 * Class model visualisation: x ← (x + rate · g / rms(g)) · (1 − decay), g being the gradient of the logit.
 * Simonyan et al., "Deep Inside Convolutional Networks" (2013), arXiv:1312.6034, §2, with the blurring of Yosinski
 * et al., "Understanding Neural Networks Through Deep Visualization" (2015), arXiv:1506.06579, §3, and the movements
 * of Mordvintsev et al., "Inceptionism" (2015). In the scale of a prepared picture.
 */
export async function visualizeClass(
  model: tf.LayersModel,
  target: number,
  options: ClassVisualizationOptions = {},
): Promise<ClassVisualization> {
  const chain = chainOf(model)
  const { rate = 0.05, decay = 0.003, onStep } = options
  const steps = requireWholeNumber('steps', options.steps ?? 256, 1)
  const jitter = requireWholeNumber('jitter', options.jitter ?? 2, 0)
  const blurEvery = requireWholeNumber('blurEvery', options.blurEvery ?? 8, 0)
  const seed = requireWholeNumber('seed', options.seed ?? 0, 0)
  if (!(rate > 0)) throw new OptionError(`rate must be above 0, found ${rate}`)
  if (!(decay >= 0 && decay < 1)) throw new OptionError(`decay must be in [0, 1), found ${decay}`)
  const [height, width, channels] = chain.inputShape
  const start = options.start ?? noise(height * width * channels, seed)
  await targetClass(chain, start, target)
  const next = words(seed)
  const offset = () => (jitter === 0 ? 0 : (next() % (2 * jitter + 1)) - jitter)
  const first = await logit(chain, start, target)

  let picture = inputTensor(chain, start)
  try {
    for (let step = 1; step <= steps; step++) {
      const move: [number, number] = [offset(), offset()]
      const moved = tf.tidy(() => {
        const x = roll(picture, move)
        const g = tf.grad((at: tf.Tensor) =>
          tf.sum(logitOf(run(chain, at, { gradient: true }), target)),
        )(x)
        // The smallest positive float keeps a gradient of zeros from becoming NaN.
        const length = tf.add(tf.sqrt(tf.mean(tf.square(g))), 1e-20)
        const climbed = tf.mul(tf.add(x, tf.mul(tf.div(g, length), rate)), 1 - decay)
        const back = roll(climbed as tf.Tensor4D, [-move[0], -move[1]])
        return blurEvery > 0 && step % blurEvery === 0 ? blur(back) : back
      })
      picture.dispose()
      picture = moved
      if (onStep?.(step, steps) === false) break
    }
    const data = Float32Array.from(await picture.data())
    return {
      height,
      width,
      channels,
      data,
      target,
      logits: [first, await logit(chain, data, target)],
    }
  } finally {
    picture.dispose()
  }
}

async function logit(chain: Chain, input: Float32Array, target: number): Promise<number> {
  const [value = Number.NaN] = await read(
    tf.tidy(() => logitOf(run(chain, inputTensor(chain, input)), target)),
  )
  return value
}

function noise(length: number, seed: number): Float32Array {
  const values = new Float32Array(length)
  fillUniform(values, seed, 0.1)
  return values
}

/** Moves a picture down and to the right; what leaves on one side comes in on the other. */
function roll(x: tf.Tensor4D, [down, right]: [number, number]): tf.Tensor4D {
  const along = (input: tf.Tensor4D, axis: number, by: number) => {
    const length = input.shape[axis]!
    const shift = ((by % length) + length) % length
    if (shift === 0) return input
    return tf.concat(tf.split(input, [length - shift, shift], axis).reverse(), axis) as tf.Tensor4D
  }
  return along(along(x, 1, down), 2, right)
}

/** The binomial filter (1 2 1) / 4 along both axes; the border's pixels are repeated outwards. */
function blur(x: tf.Tensor4D): tf.Tensor4D {
  const along = (input: tf.Tensor4D, axis: number) => {
    const length = input.shape[axis]!
    if (length < 2) return input
    const part = (from: number, count: number) => {
      const begin = [0, 0, 0, 0]
      const size = [...input.shape]
      begin[axis] = from
      size[axis] = count
      return tf.slice(input, begin, size)
    }
    const before = tf.concat([part(0, 1), part(0, length - 1)], axis)
    const after = tf.concat([part(1, length - 1), part(length - 1, 1)], axis)
    return tf.div(tf.add(tf.add(before, after), tf.mul(input, 2)), 4) as tf.Tensor4D
  }
  return along(along(x, 1), 2)
}
