// What a model needs to know of a network: its input, its classes, and its parts up to a layer.

import { OptionError, suggestion } from '@alexnet/core'
import * as tf from '@tensorflow/tfjs'

/** The part of a network from its input to a layer. @throws OptionError on an unknown layer, with the nearest names */
export function upTo(network: tf.LayersModel, name: string): tf.LayersModel {
  const layer = network.layers.find((candidate) => candidate.name === name)
  if (!layer || layer.getClassName() === 'InputLayer') {
    const names = network.layers
      .filter((candidate) => candidate.getClassName() !== 'InputLayer')
      .map((candidate) => candidate.name)
    const hint = suggestion(name, names)
    const list = names.join(', ')
    throw new OptionError(
      `there is no layer '${name}': ${hint.includes(list) ? hint : `${hint} The layers are ${list}`}`,
    )
  }
  const { output } = layer
  if (Array.isArray(output)) {
    throw new OptionError(`layer '${name}' has ${output.length} outputs, features needs one`)
  }
  return tf.model({ inputs: network.inputs, outputs: output })
}

/** [height, width, channels] of a network's input. */
export function pictureShape(network: tf.LayersModel): readonly [number, number, number] {
  const shape = network.inputs[0]!.shape
  const [height, width, channels] = shape.slice(1)
  if (network.inputs.length !== 1 || shape.length !== 4 || !height || !width || !channels) {
    throw new OptionError(
      `a model's network needs one input [batch, height, width, channels] of fixed size, found ${show(network.inputs)}`,
    )
  }
  return [height, width, channels]
}

/** Number of a network's logits. */
export function classCount(network: tf.LayersModel): number {
  const shape = network.outputs[0]!.shape
  const classes = shape[1]
  if (network.outputs.length !== 1 || shape.length !== 2 || !classes) {
    throw new OptionError(
      `a model's network needs one output [batch, classes], found ${show(network.outputs)}`,
    )
  }
  return classes
}

/** Shapes of a network's inputs or outputs; null stands for a size that is not fixed. */
function show(tensors: readonly tf.SymbolicTensor[]): string {
  return tensors.map((tensor) => JSON.stringify(tensor.shape)).join(' and ')
}
