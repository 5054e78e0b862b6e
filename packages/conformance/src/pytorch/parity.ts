// Our side of the comparison with PyTorch: builds a variant, gives it the generated weights by
// PyTorch's names, and measures what the oracle measured, in PyTorch's layouts. The fixture test and
// the live comparison (compare-pytorch.ts) both use it; pytorch/measure.py is its counterpart.

import { createAlexNet, loadWeights, modelWeights, type Variant } from '@alexnet/core'
import * as tf from '@tensorflow/tfjs'
import {
  type GeneratedTensor,
  generate,
  generateLabels,
  samplePositions,
  toChannelsFirst,
  toChannelsLast,
} from './generate.ts'

/** Largest relative error that counts as equal: of two computations in float32. */
export const BOUND = 1e-4

/** A network and what goes into it; the fixtures and pytorch/dump_case.py hold one each. */
export interface ParityCase {
  variant: Variant
  classes: number
  inputSize: number
  batch: number
  /** How to generate the input, first, and every weight. */
  tensors: GeneratedTensor[]
  /** Mean cross-entropy against generateLabels(batch, classes). */
  loss: number
}

/** A tensor in PyTorch's layout. */
export interface PyTorchTensor {
  shape: number[]
  data: Float32Array
}

/** What a fixture keeps of a tensor; pytorch/record.py explains the fields. */
export interface TensorSummary {
  name: string
  shape: number[]
  sum: number
  absoluteSum: number
  norm: number
  largest: [position: number, value: number]
  samples: number[]
}

/** Loss, output of every layer and gradient of every weight, by PyTorch's names. */
export interface Measurement {
  loss: number
  outputs: Map<string, PyTorchTensor>
  gradients: Map<string, PyTorchTensor>
}

/** Computes a case on the current backend. Leaves no tensor behind. */
export async function measure(parityCase: ParityCase): Promise<Measurement> {
  const { variant, classes, inputSize, batch } = parityCase
  const model = createAlexNet({ variant, classes, inputSize, dropout: 0, initialize: false })
  try {
    const [input, ...weights] = parityCase.tensors
    loadWeights(
      model,
      new Map(
        weights.map((tensor) => [
          tensor.name,
          { dtype: 'float32', shape: tensor.shape, data: generate(tensor) },
        ]),
      ),
    )
    const pictures = toChannelsLast(generate(input!), input!.shape)
    const x = tf.tensor4d(pictures, [batch, inputSize, inputSize, 3])
    const labels = tf.tidy(() =>
      tf.oneHot(tf.tensor1d(generateLabels(batch, classes), 'int32'), classes).toFloat(),
    )
    const outputs = await layerOutputs(model, x)
    const { loss, gradients } = await weightGradients(model, x, labels)
    tf.dispose([x, labels])
    return { loss, outputs, gradients }
  } finally {
    model.dispose()
  }
}

/** Every layer's output, computed as in inference. */
async function layerOutputs(
  model: tf.LayersModel,
  x: tf.Tensor,
): Promise<Map<string, PyTorchTensor>> {
  const layers = model.layers.filter((layer) => layer.getClassName() !== 'InputLayer')
  const all = tf.model({
    inputs: model.inputs,
    outputs: layers.map((layer) => layer.output as tf.SymbolicTensor),
  })
  const tensors = tf.tidy(() => all.predictOnBatch(x) as tf.Tensor[])
  const outputs = new Map<string, PyTorchTensor>()
  let flattened: readonly number[] | undefined
  for (const [i, layer] of layers.entries()) {
    const output = tensors[i]!
    if (layer.getClassName() === 'Flatten') flattened = tensors[i - 1]!.shape
    if (layer.getClassName() === 'Dense') flattened = undefined
    // A flattened output keeps its channels last here and first in PyTorch.
    const shape = flattened ?? output.shape
    const data = (await output.data()) as Float32Array
    outputs.set(layer.name, {
      shape: output.rank === 4 ? [0, 3, 1, 2].map((axis) => output.shape[axis]!) : output.shape,
      data: shape.length === 4 ? toChannelsFirst(data, shape) : data,
    })
  }
  tf.dispose(tensors)
  return outputs
}

/** The loss and its gradients, computed as in training. */
async function weightGradients(model: tf.LayersModel, x: tf.Tensor, labels: tf.Tensor) {
  const weights = modelWeights(model)
  const variables = weights.map(({ variable }) => variable.read() as tf.Variable)
  const { value, grads } = tf.variableGrads(() => {
    const logits = model.apply(x, { training: true }) as tf.Tensor
    return tf.losses.softmaxCrossEntropy(labels, logits) as tf.Scalar
  }, variables)
  const gradients = new Map<string, PyTorchTensor>()
  for (const [i, { name, shape, toPyTorch }] of weights.entries()) {
    gradients.set(name, { shape, data: toPyTorch(await grads[variables[i]!.name]!.data()) })
  }
  const loss = (await value.data())[0]!
  tf.dispose([value, grads])
  return { loss, gradients }
}

/** Largest difference of two tensors relative to the largest value of the second, the truth. */
export function relativeError(found: ArrayLike<number>, truth: ArrayLike<number>): number {
  if (found.length !== truth.length) return Number.POSITIVE_INFINITY
  let difference = 0
  let largest = 0
  for (let i = 0; i < truth.length; i++) {
    const apart = Math.abs(found[i]! - truth[i]!)
    if (Number.isNaN(apart)) return Number.POSITIVE_INFINITY
    difference = Math.max(difference, apart)
    largest = Math.max(largest, Math.abs(truth[i]!))
  }
  return difference === 0 ? 0 : difference / largest
}

/**
 * The largest of the errors that a summary can tell: of the samples and the largest value relative to
 * the largest value, of the norm, and of the sum relative to the sum of the magnitudes.
 */
export function summaryError(found: PyTorchTensor, truth: TensorSummary): number {
  if (found.shape.join() !== truth.shape.join()) return Number.POSITIVE_INFINITY
  const { data } = found
  const [position, largest] = truth.largest
  const positions = samplePositions(truth.name, data.length, truth.samples.length)
  const sampled = relativeError(
    [data[position]!, ...positions.map((at) => data[at]!)],
    [largest, ...truth.samples],
  )
  let sum = 0
  let squares = 0
  for (let i = 0; i < data.length; i++) {
    sum += data[i]!
    squares += data[i]! ** 2
  }
  const norm = Math.abs(Math.sqrt(squares) - truth.norm) / truth.norm
  const total = Math.abs(sum - truth.sum) / truth.absoluteSum
  const error = Math.max(sampled, norm, total)
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error
}
