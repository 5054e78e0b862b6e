// One checkpoint, whatever wrote it, under PyTorch's names and in PyTorch's layouts, which is what core
// loads. PyTorch's own files, safetensors and .npz have both already; TensorFlow.js, Caffe and ONNX differ.

import { modelWeights } from '@alexnet/core'
import { type LazyTensor, type OpenCheckpoint, withVariantNames } from '@alexnet/weights'
import type { LayersModel } from '@tensorflow/tfjs'

type Tensors = ReadonlyMap<string, LazyTensor>

/** Tensors by PyTorch's names, and whether they are of Caffe's networks, whose pictures are other ones. */
export interface NamedTensors {
  tensors: Tensors
  fromCaffe: boolean
}

/** What a checkpoint of @alexnet/train has beside the weights: the optimiser's state, and their running means. */
const besideWeights = ['optimizer.', 'average.']

/** Whether a file is a training run at one moment, as @alexnet/train saves it. */
export const isTrainingCheckpoint = ({ metadata }: OpenCheckpoint): boolean =>
  metadata.training !== undefined

/** The tensors under PyTorch's names, those of a network alone; layouts stay. */
export function pytorchNames(checkpoint: OpenCheckpoint): NamedTensors {
  const { format } = checkpoint
  const { tensors } = isTrainingCheckpoint(checkpoint) ? withoutState(checkpoint) : checkpoint
  if (format === 'tfjs-layers-model') {
    const names = [...tensors].map(([name, tensor]) => {
      const [layer, part] = name.split('/')
      return [`${layer}.${part === 'kernel' ? 'weight' : part}`, tensor] as const
    })
    return { tensors: new Map(names), fromCaffe: false }
  }
  if (format !== 'caffe' && format !== 'onnx') return { tensors, fromCaffe: false }
  const renamed = withVariantNames(tensors)
  const fromCaffe = !tensors.has('features.0.weight') && renamed.has('features.0.weight')
  return { tensors: renamed, fromCaffe }
}

function withoutState({ tensors }: OpenCheckpoint): { tensors: Tensors } {
  const weights = [...tensors].filter(
    ([name]) => !besideWeights.some((prefix) => name.startsWith(prefix)),
  )
  return { tensors: new Map(weights) }
}

/**
 * The tensors of a checkpoint that a network's weights are named after, whatever wrote it, for `loadLazyWeights` of
 * `@alexnet/core`; the others are left out. For a part of a network, such as its convolutions.
 */
export function networkTensors(checkpoint: OpenCheckpoint, network: LayersModel): Tensors {
  const names = new Set(modelWeights(network).map(({ name }) => name))
  const tensors = pytorchLayouts(checkpoint, pytorchNames(checkpoint), network)
  return new Map([...tensors].filter(([name]) => names.has(name)))
}

/** The tensors, under PyTorch's names, in PyTorch's layouts; those of a graph that are no weights left out. */
export function pytorchLayouts(
  { format }: OpenCheckpoint,
  { tensors, fromCaffe }: NamedTensors,
  model: LayersModel,
): Tensors {
  const weights = new Map(modelWeights(model).map((weight) => [weight.name, weight]))
  // An ONNX file's constants (scales, shapes) are its business; what a checkpoint has too much is told.
  const wanted =
    format === 'onnx' ? new Map([...tensors].filter(([name]) => weights.has(name))) : tensors
  const first = wanted.get('features.0.weight')
  if (fromCaffe && first) return new Map(wanted).set('features.0.weight', channelsReversed(first))
  if (format !== 'tfjs-layers-model') return wanted
  return new Map(
    [...wanted].map(([name, tensor]) => {
      const weight = weights.get(name)
      const own = weight?.variable.shape.join()
      // Of another shape: as it is, for the message that says so.
      if (!weight || tensor.shape.join() !== own) return [name, tensor]
      const load = async () => weight.toPyTorch((await tensor.load()) as Float32Array)
      return [name, wholeTensor(tensor, weight.shape, load)]
    }),
  )
}

/** Caffe's pictures are blue, green, red; ours red, green, blue. */
function channelsReversed(filters: LazyTensor): LazyTensor {
  const [outputs = 0, channels = 0, ...window] = filters.shape
  const size = window.reduce((product, extent) => product * extent, 1)
  const load = async () => {
    const values = (await filters.load()) as Float32Array
    const reversed = new Float32Array(values.length)
    for (let output = 0; output < outputs; output++) {
      for (let channel = 0; channel < channels; channel++) {
        const from = (output * channels + channel) * size
        const to = (output * channels + channels - 1 - channel) * size
        reversed.set(values.subarray(from, from + size), to)
      }
    }
    return reversed
  }
  return wholeTensor(filters, filters.shape, load)
}

/** A tensor that is read as a whole alone, its rows being others than the file's. */
function wholeTensor(
  { dtype, storedAs }: LazyTensor,
  shape: readonly number[],
  load: LazyTensor['load'],
): LazyTensor {
  return { dtype, storedAs, shape, load }
}
