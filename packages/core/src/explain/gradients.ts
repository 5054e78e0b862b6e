// Where a class's logit looks in the picture, by its gradient: plain, guided, and integrated.
import * as tf from '@tensorflow/tfjs'
import { OptionError, requireWholeNumber } from '../errors.ts'
import {
  activationOf,
  type Chain,
  chainOf,
  inputTensor,
  logitOf,
  type Replacement,
  read,
  run,
  targetClass,
} from './chain.ts'
import type { ChannelMap } from './maps.ts'

/** What every explanation of a class takes. */
export interface TargetOptions {
  /** Number of the class to explain. Default: the likeliest for the picture. */
  target?: number
}

/** An explanation of a class by the colours of the prepared picture. */
export interface Attribution extends ChannelMap {
  /** The class that was explained. */
  target: number
}

/**
 * The gradient of a class's logit by the prepared picture: Simonyan et al., "Deep Inside Convolutional
 * Networks" (2013), arXiv:1312.6034, §3.
 */
export async function saliency(
  model: tf.LayersModel,
  input: Float32Array,
  options: TargetOptions = {},
): Promise<Attribution> {
  const chain = chainOf(model)
  const target = await targetClass(chain, input, options.target)
  return attribution(chain, target, await read(gradient(chain, input, target)))
}

/**
 * Guided backpropagation: the gradient of a class's logit, of which every ReLU lets through only what is
 * positive, where its output is. Springenberg et al., "Striving for Simplicity" (2014), arXiv:1412.6806, §3.4.
 *
 * @throws OptionError where the network has another non-linearity than ReLU.
 */
export async function guidedBackprop(
  model: tf.LayersModel,
  input: Float32Array,
  options: TargetOptions = {},
): Promise<Attribution> {
  const chain = chainOf(model)
  const activations = chain.layers.filter((layer) => activationOf(layer) !== undefined)
  const other = activations.find((layer) => activationOf(layer) !== 'relu')
  if (other) {
    throw new OptionError(
      `guided backpropagation is made for ReLUs, and layer ${other.name} is a ${activationOf(other)}: use integrated gradients`,
    )
  }
  const target = await targetClass(chain, input, options.target)
  const replace = new Map(activations.map((layer) => [layer.name, guidedRelu as Replacement]))
  return attribution(chain, target, await read(gradient(chain, input, target, replace)))
}

export interface IntegratedGradientsOptions extends TargetOptions {
  /** Points of the path from the baseline to the picture. Default 50. */
  steps?: number
  /** A prepared picture that stands for "nothing there". Default zeros: the mean colour. */
  baseline?: Float32Array
  /** Points that go through the network together. Default 10. */
  batchSize?: number
}

export interface IntegratedAttribution extends Attribution {
  /** The logit of the picture less that of the baseline; the attributions sum to about it (axiom of completeness). */
  difference: number
}

/**
 * Integrated gradients: (x − baseline) times the mean gradient on the straight way between them, taken at
 * the middles of equal steps. Sundararajan et al., "Axiomatic Attribution for Deep Networks" (2017),
 * arXiv:1703.01365, eq. 1 and 3.
 */
export async function integratedGradients(
  model: tf.LayersModel,
  input: Float32Array,
  options: IntegratedGradientsOptions = {},
): Promise<IntegratedAttribution> {
  const chain = chainOf(model)
  const steps = requireWholeNumber('steps', options.steps ?? 50, 1)
  const batchSize = requireWholeNumber('batchSize', options.batchSize ?? 10, 1)
  const baseline = options.baseline ?? new Float32Array(input.length)
  if (baseline.length !== input.length) {
    throw new OptionError(
      `the baseline has ${baseline.length} numbers, the picture ${input.length}: prepare both alike`,
    )
  }
  const target = await targetClass(chain, input, options.target)
  const total = new Float64Array(input.length)
  for (let first = 0; first < steps; first += batchSize) {
    const count = Math.min(batchSize, steps - first)
    const points = new Float32Array(count * input.length)
    for (let point = 0; point < count; point++) {
      const share = (first + point + 0.5) / steps
      for (let i = 0; i < input.length; i++) {
        points[point * input.length + i] = baseline[i]! + share * (input[i]! - baseline[i]!)
      }
    }
    // Freed one batch at a time: the path of a large network would not fit into memory as a whole.
    const gradients = await read(gradient(chain, points, target))
    for (let i = 0; i < gradients.length; i++) total[i % input.length]! += gradients[i]!
  }
  const data = Float32Array.from(total, (sum, i) => ((input[i]! - baseline[i]!) * sum) / steps)
  const ends = Float32Array.from([...input, ...baseline])
  const [here = 0, there = 0] = await read(
    tf.tidy(() => logitOf(run(chain, inputTensor(chain, ends)), target)),
  )
  return { ...attribution(chain, target, data), difference: here - there }
}

/** Gradient of a class's logit by each picture of a batch. */
export function gradient(
  chain: Chain,
  input: Float32Array,
  target: number,
  replace?: ReadonlyMap<string, Replacement>,
): tf.Tensor4D {
  return tf.tidy(() => {
    const score = (x: tf.Tensor) =>
      tf.sum(logitOf(run(chain, x, { gradient: true, ...(replace && { replace }) }), target))
    return tf.grad(score)(inputTensor(chain, input)) as tf.Tensor4D
  })
}

/** ReLU whose gradient passes only where both it and the output are positive. */
function guidedRelu(x: tf.Tensor): tf.Tensor {
  return tf.customGrad((input, save) => {
    const value = tf.relu(input as tf.Tensor)
    ;(save as tf.GradSaveFunc)([value])
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) =>
      tf.tidy(() => tf.mul(tf.relu(dy), tf.step(saved[0]!)))
    return { value, gradFunc }
  })(x)
}

function attribution({ inputShape }: Chain, target: number, data: Float32Array): Attribution {
  const [height, width, channels] = inputShape
  return { height, width, channels, data, target }
}
