// The kernels that tfjs does not have: names, inputs and attributes, once for every backend, and what each checks of
// its operands. @alexnet/core and @alexnet/train take their types from here and find them by name where the current
// backend has them (`tf.getKernel('MomentumStep', tf.getBackend())`), so that neither needs a backend when it runs.

import * as tf from '@tensorflow/tfjs'
import type { Kernel, KernelCall, TfjsKernel } from './kernel.ts'

type Tensors<Names extends string> = Record<Names, tf.TensorInfo>

/** How the windows of a convolution in groups lie, as in tfjs's Conv2D. */
interface GroupedWindow {
  strides: [number, number]
  pad: tf.backend_util.ExplicitPadding | 'valid' | 'same' | number
  dataFormat: 'NHWC'
  dilations: [number, number]
  groups: number
}

/** Inputs, all float32, and attributes by the kernel's name. */
export interface CustomKernels {
  /**
   * A step of stochastic gradient descent, as torch.optim.SGD takes it: g ← g + weightDecay · w, v ← momentum · v + g,
   * w ← w − learningRate · (nesterov ? g + momentum · v : v). Returns the new [weight, velocity]; the old ones may be
   * overwritten.
   */
  MomentumStep: {
    inputs: Tensors<'weight' | 'velocity' | 'gradient'>
    attributes: { learningRate: number; momentum: number; weightDecay: number; nesterov: boolean }
  }
  /**
   * A step of Adam, as torch.optim.AdamW takes it, the `step`-th from 1 on: mean ← beta1 · mean + (1 − beta1) · g,
   * square ← beta2 · square + (1 − beta2) · g², w ← w − learningRate · weightDecay · w − learningRate / (1 − beta1ᵗ) ·
   * mean / (√square / √(1 − beta2ᵗ) + epsilon). Returns the new [weight, mean, square]; the old ones may be overwritten.
   */
  AdamStep: {
    inputs: Tensors<'weight' | 'mean' | 'square' | 'gradient'>
    attributes: Record<
      'learningRate' | 'beta1' | 'beta2' | 'epsilon' | 'weightDecay' | 'step',
      number
    >
  }
  /**
   * Convolution and bias of x [batch, h, w, channels] by filter [height, width, channels / groups, filters], each group of
   * filters over its own group of channels.
   */
  GroupedConv2D: {
    inputs: Tensors<'x' | 'filter'> & { bias?: tf.TensorInfo }
    attributes: GroupedWindow & { activation: 'linear' | 'relu' }
  }
  /** Its derivative by x, of shape `inputShape`. */
  GroupedConv2DBackpropInput: {
    inputs: Tensors<'dy' | 'filter'>
    attributes: GroupedWindow & { inputShape: number[] }
  }
  /** Its derivative by the filter, of shape `filterShape`. */
  GroupedConv2DBackpropFilter: {
    inputs: Tensors<'x' | 'dy'>
    attributes: GroupedWindow & { filterShape: number[] }
  }
  /** dy where y, the output of a ReLU, is above zero, and zero elsewhere. */
  ReluGradient: { inputs: Tensors<'y' | 'dy'>; attributes: object }
  /**
   * x times `scale` where the hash of an element's index is below `threshold`, and zero elsewhere. `first` and `second`
   * are the hash's keys; these and the threshold are from 0 to 2³² − 1. `firstElement` is the index of x's first.
   */
  HashedDropout: {
    inputs: Tensors<'x'>
    attributes: {
      first: number
      second: number
      threshold: number
      scale: number
      firstElement: number
    }
  }
  /**
   * Of logits and shares [rows, classes]: the scalar mean over the rows of −Σ share · log softmax(logits), and its
   * derivative by the logits. Returns [loss, gradient].
   */
  SoftmaxCrossEntropy: { inputs: Tensors<'logits' | 'shares'>; attributes: object }
  /** x [rows, depth] · matrix [depth, columns] + bias [columns], or no bias, with the matrix in fewer bits. */
  QuantizedMatMul: {
    inputs: Tensors<'x' | 'matrix'> & { bias?: tf.TensorInfo }
    attributes: { format: 'int8' | 'float16' }
  }
}

export interface CustomCall<Name extends keyof CustomKernels, Backend> {
  inputs: CustomKernels[Name]['inputs']
  attrs: CustomKernels[Name]['attributes']
  backend: Backend
}

/** What is wrong with a kernel's operands, or undefined; convolutions in groups are checked by their windows' shapes. */
const faults: {
  [Name in keyof CustomKernels]?: (inputs: CustomKernels[Name]['inputs']) => string | undefined
} = {
  MomentumStep: ({ weight, ...others }) => shapeUnlike(weight, Object.values(others)),
  AdamStep: ({ weight, ...others }) => shapeUnlike(weight, Object.values(others)),
  ReluGradient: ({ y, dy }) =>
    sameShape(y.shape, dy.shape) ? undefined : `shapes differ: y [${y.shape}], dy [${dy.shape}]`,
  SoftmaxCrossEntropy: ({ logits, shares }) => {
    const [rows] = logits.shape
    if (logits.shape.length === 2 && rows! > 0 && sameShape(shares.shape, logits.shape))
      return undefined
    return (
      `logits [${logits.shape}] and shares [${shares.shape}] must have one shape, ` +
      '[rows, classes] with at least one row'
    )
  },
  QuantizedMatMul: ({ x, matrix, bias }) => {
    const [depth, columns] = matrix.shape
    const fits = x.shape[1] === depth && (!bias || tf.util.sizeFromShape(bias.shape) === columns)
    return fits
      ? undefined
      : `x [${x.shape}], matrix [${matrix.shape}] and bias [${bias?.shape}] do not fit`
  },
}

function shapeUnlike(weight: tf.TensorInfo, others: readonly tf.TensorInfo[]): string | undefined {
  const other = others.find(({ shape }) => !sameShape(shape, weight.shape))
  return other && `shapes differ: weight [${weight.shape}], found [${other.shape}]`
}

const sameShape = (a: readonly number[], b: readonly number[]) =>
  tf.util.arraysEqual(a as number[], b as number[])

/**
 * A kernel of ours for a backend.
 *
 * @param run is given float32 operands whose shapes belong together; others are refused before it
 */
export function customKernel<Name extends keyof CustomKernels, Backend>(
  name: Name,
  run: (call: CustomCall<Name, Backend>) => tf.TensorInfo | tf.TensorInfo[],
): Kernel<Backend> {
  return {
    name,
    run(call: KernelCall<Backend>, fallback: TfjsKernel<Backend>) {
      const given = Object.values(call.inputs).filter((tensor) => tensor !== undefined)
      if (!given.every(({ dtype }) => dtype === 'float32')) return fallback(call)
      const custom = call as unknown as CustomCall<Name, Backend>
      const fault = faults[name]?.(custom.inputs)
      if (fault) throw new Error(`${name}: ${fault}`)
      return run(custom)
    },
  }
}
