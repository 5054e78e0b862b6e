// Forms of convolution with bias and of ReLU for training that keep fewer tensors until the backward
// pass than TensorFlow.js's own: of conv → bias → ReLU it keeps all three outputs, though the gradients
// need only the last. For AlexNet that is 4 MB a picture, half of all that its features keep.
import * as tf from '@tensorflow/tfjs'

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
  { strides, pad }: { strides: number; pad: unknown },
): tf.Tensor4D {
  registerGradient()
  const attributes = {
    ...{ strides: [strides, strides], pad, dataFormat: 'NHWC', dilations: [1, 1] },
    activation: 'linear',
  }
  return run(FUSED_CONVOLUTION, { x, filter, bias }, attributes)
}

/** max(0, x). Keeps its output, of which the gradient needs only the sign; tf.relu keeps its input. */
export function reluKeepingOutput(x: tf.Tensor): tf.Tensor {
  return tf.customGrad((input, save) => {
    const value = tf.relu(input as tf.Tensor)
    ;(save as tf.GradSaveFunc)([value])
    // A tidy of its own: what a custom gradient leaves behind lives until the whole backward pass ends.
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) =>
      tf.tidy(() => tf.mul(dy, tf.step(saved[0]!)))
    return { value, gradFunc }
  })(x)
}

/** TensorFlow.js has no gradient of this kernel; its fused operation carries one of its own. */
function registerGradient(): void {
  if (tf.getGradient(FUSED_CONVOLUTION)) return
  tf.registerGradient({
    kernelName: FUSED_CONVOLUTION,
    inputsToSave: ['x', 'filter'],
    gradFunc(dy, saved, attributes) {
      const { strides, pad, dataFormat, dilations, activation } = attributes as Record<
        string,
        unknown
      >
      if (activation !== 'linear') {
        throw new Error(`FusedConv2D: no gradient with activation '${activation}', only 'linear'`)
      }
      const [x, filter] = saved as [tf.Tensor, tf.Tensor]
      const window = { strides, pad, dataFormat, dilations }
      const map = dy as tf.Tensor4D
      return {
        x: () =>
          run('Conv2DBackpropInput', { dy: map, filter }, { ...window, inputShape: x.shape }),
        filter: () =>
          run('Conv2DBackpropFilter', { x, dy: map }, { ...window, filterShape: filter.shape }),
        bias: () => tf.sum(map, [0, 1, 2]),
      }
    },
  })
}

function run(kernel: string, inputs: Record<string, tf.Tensor>, attributes: object): tf.Tensor4D {
  return tf.engine().runKernel(kernel, inputs, attributes as tf.NamedAttrMap) as tf.Tensor4D
}
