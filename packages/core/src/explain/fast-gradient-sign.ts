// A picture nudged against the network: a step too small to see, along the sign of the loss's gradient.
import * as tf from '@tensorflow/tfjs'
import { OptionError } from '../errors.ts'
import { type Chain, chainOf, inputTensor, read, run, targetClass } from './chain.ts'
import type { Attribution } from './gradients.ts'

export interface FastGradientSignOptions {
  /** Number of the class to lead away from. Default: the likeliest for the picture. */
  target?: number
  /**
   * The step of every number, in units of the prepared picture; a list has one for each colour, such as ε / std where the
   * preparation divides by std.
   */
  epsilon: number | readonly number[]
  /** Least and greatest number of each colour, such as those of black and white. Default: none. */
  limits?: readonly (readonly [least: number, greatest: number])[]
}

/** The nudged picture, prepared as the one it was made from. */
export interface FastGradientSign extends Attribution {
  /** The gradient of the loss by the picture, whose sign was followed. */
  gradient: Float32Array
}

/**
 * The fast gradient sign method: x + ε sign(∇J(x, y)), J the cross-entropy of the class y. Goodfellow, Shlens and Szegedy,
 * "Explaining and Harnessing Adversarial Examples" (2014), arXiv:1412.6572, §4. Where the gradient is 0, so is the step.
 *
 * @throws OptionError where a step is negative, or steps or limits are not one for each colour
 */
export async function fastGradientSign(
  model: tf.LayersModel,
  input: Float32Array,
  { target: asked, epsilon, limits }: FastGradientSignOptions,
): Promise<FastGradientSign> {
  const chain = chainOf(model)
  const [height, width, channels] = chain.inputShape
  const steps = typeof epsilon === 'number' ? Array(channels).fill(epsilon) : [...epsilon]
  if (steps.length !== channels || (limits && limits.length !== channels)) {
    throw new OptionError(
      `epsilon and limits need one entry for each of the ${channels} colours, not ${steps.length} and ${limits?.length ?? 'none'}`,
    )
  }
  const wrong = steps.find((step) => !(step >= 0 && Number.isFinite(step)))
  if (wrong !== undefined) throw new OptionError(`epsilon is 0 or more, not ${wrong}`)
  const target = await targetClass(chain, input, asked)
  const gradient = await read(lossGradient(chain, input, target))
  const data = Float32Array.from(input, (value, index) => {
    const channel = index % channels
    const nudged = value + steps[channel] * Math.sign(gradient[index]!)
    const [least, greatest] = limits?.[channel] ?? [-Infinity, Infinity]
    return Math.min(greatest, Math.max(least, nudged))
  })
  return { height, width, channels, data, target, gradient }
}

/** Of the cross-entropy of a class, by the picture: [1, height, width, channels]. */
function lossGradient(chain: Chain, input: Float32Array, target: number): tf.Tensor4D {
  return tf.tidy(() => {
    const label = tf.oneHot(tf.tensor1d([target], 'int32'), chain.classes)
    const loss = (x: tf.Tensor) =>
      tf.neg(tf.sum(tf.mul(tf.logSoftmax(run(chain, x, { gradient: true })), label))) as tf.Scalar
    return tf.grad(loss)(inputTensor(chain, input)) as tf.Tensor4D
  })
}
