// Forms of convolution with bias and of ReLU for training that keep fewer tensors until the backward
// pass than TensorFlow.js's own: of conv → bias → ReLU it keeps all three outputs, though the gradients
// need only the last. For AlexNet that is 4 MB a picture, half of all that its features keep.
import type { CustomKernels } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import { hasKernel, runKernel } from '../custom-kernels.ts'

/** tfjs's own kernel, of convolution with bias and activation. */
const FUSED_CONVOLUTION = 'FusedConv2D'

/**
 * Convolution and bias in one kernel, `x` `[batch, h, w, channels]`, `filter` HWIO, `bias` `[filters]`.
 * Keeps `x` and `filter` for the gradients. tf.fused.conv2d computes all three gradients even where
 * nothing wants that of a network's first picture; here each is computed when it is asked for.
 */
export function convolveWithBias(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  bias: tf.Tensor1D,
  { strides, pad }: { strides: number; pad: Padding },
): tf.Tensor4D {
  registerGradient(FUSED_CONVOLUTION, '')
  return run(FUSED_CONVOLUTION, { x, filter, bias }, windowAttributes(strides, pad))
}

/** Whether the current backend has groups in convolution. */
export function knowsGroups(): boolean {
  return hasKernel('GroupedConv2D')
}

/** As `convolveWithBias` with `filter` `[height, width, channels / groups, filters]`, if `knowsGroups()`. */
export function convolveGroups(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  bias: tf.Tensor1D,
  { strides, pad }: { strides: number; pad: Padding },
  groups: number,
): tf.Tensor4D {
  registerGradient('GroupedConv2D', 'Grouped')
  const attributes = { ...windowAttributes(strides, pad), groups }
  return runKernel('GroupedConv2D', { x, filter, bias }, attributes)
}

type Padding = CustomKernels['GroupedConv2D']['attributes']['pad']

const windowAttributes = (strides: number, pad: Padding) =>
  ({
    strides: [strides, strides],
    pad,
    dataFormat: 'NHWC',
    dilations: [1, 1],
    activation: 'linear',
  }) satisfies Omit<CustomKernels['GroupedConv2D']['attributes'], 'groups'>

/** max(0, x). Keeps its output, of which the gradient needs only the sign; tf.relu keeps its input. */
export function reluKeepingOutput(x: tf.Tensor): tf.Tensor {
  return tf.customGrad((input, save) => {
    const value = tf.relu(input as tf.Tensor)
    ;(save as tf.GradSaveFunc)([value])
    // A tidy of its own: what a custom gradient leaves behind lives until the whole backward pass ends.
    const gradFunc = (dy: tf.Tensor, [y]: tf.Tensor[]) =>
      tf.tidy(() =>
        hasKernel('ReluGradient')
          ? runKernel('ReluGradient', { y: y!, dy }, {})
          : tf.mul(dy, tf.step(y!)),
      )
    return { value, gradFunc }
  })(x)
}

/**
 * TensorFlow.js has no gradient of these kernels; its fused operation carries one of its own.
 *
 * @param prefix of the names of the kernels that compute the gradients
 */
function registerGradient(kernelName: string, prefix: string): void {
  if (tf.getGradient(kernelName)) return
  tf.registerGradient({
    kernelName,
    inputsToSave: ['x', 'filter'],
    gradFunc(dy, saved, attributes) {
      const { activation, ...window } = attributes as Record<string, unknown>
      if (activation !== 'linear') {
        throw new Error(`${kernelName}: no gradient with activation '${activation}', only 'linear'`)
      }
      const [x, filter] = saved as [tf.Tensor, tf.Tensor]
      const map = dy as tf.Tensor4D
      return {
        x: () =>
          run(
            `${prefix}Conv2DBackpropInput`,
            { dy: map, filter },
            { ...window, inputShape: x.shape },
          ),
        filter: () =>
          run(
            `${prefix}Conv2DBackpropFilter`,
            { x, dy: map },
            { ...window, filterShape: filter.shape },
          ),
        bias: () => tf.sum(map, [0, 1, 2]),
      }
    },
  })
}

function run(kernel: string, inputs: Record<string, tf.Tensor>, attributes: object): tf.Tensor4D {
  return tf.engine().runKernel(kernel, inputs, attributes as tf.NamedAttrMap) as tf.Tensor4D
}
