// The network as a chain of layers that can be run from any layer to any other, with a layer's function
// replaced on the way: what every explanation is made of. A tf.LayersModel runs from its input to its
// output only, and cutting one in two adds nodes to its layers, so the layers are applied one by one here,
// on tensors, which leaves the model as it was.
import * as tf from '@tensorflow/tfjs'
import { OptionError, requireWholeNumber, show, suggestion } from '../errors.ts'
import { Convolution } from '../layers/convolution.ts'

/** A model whose layers follow one another. */
export interface Chain {
  /** From the first after the input to the last. */
  layers: readonly tf.layers.Layer[]
  /** [height, width, channels] of the input. */
  inputShape: readonly [number, number, number]
  /** Number of logits. */
  classes: number
}

/** What to do in a layer's place: its output for an input. */
export type Replacement = (x: tf.Tensor, layer: tf.layers.Layer) => tf.Tensor

export interface RunOptions {
  /** Name of the layer whose output `x` is; default the input. */
  after?: string
  /** Name of the last layer to run; default the model's last. */
  through?: string
  /** Functions in the place of layers, by their names. */
  replace?: ReadonlyMap<string, Replacement>
  /** Whether a gradient by `x` will be asked for. Default false. */
  gradient?: boolean
}

/**
 * The chain of a model such as `createAlexNet` builds.
 * @throws OptionError where the model is no chain of layers from one picture to one row of logits.
 */
export function chainOf(model: tf.LayersModel): Chain {
  const layers = model.layers.filter((layer) => layer.getClassName() !== 'InputLayer')
  const [height, width, channels] = model.inputs[0]!.shape.slice(1)
  const classes = model.outputs[0]!.shape[1]
  const isOfPictures = model.inputs.length === 1 && height && width && channels
  if (!isOfPictures || model.outputs.length !== 1 || model.outputs[0]!.shape.length !== 2) {
    throw new OptionError(
      'explanations need a model with one input [batch, height, width, channels] of fixed size and one output [batch, classes]',
    )
  }
  let before: unknown = model.inputs[0]
  for (const layer of layers) {
    if (layer.getInputAt(0) !== before) {
      throw new OptionError(
        `explanations need layers that follow one another; ${layer.name} does not take the output of the layer before it`,
      )
    }
    before = layer.getOutputAt(0)
  }
  return { layers, inputShape: [height, width, channels], classes: classes! }
}

/** Place of a layer in the chain. @throws OptionError for a name that it does not have. */
export function indexOfLayer({ layers }: Chain, name: string): number {
  const index = layers.findIndex((layer) => layer.name === name)
  if (index >= 0) return index
  const names = layers.map((layer) => layer.name)
  throw new OptionError(`there is no layer ${show(name)}: ${suggestion(name, names)}`)
}

/** Runs the chain, or a part of it. The caller keeps it in a tf.tidy. */
export function run(chain: Chain, x: tf.Tensor, options: RunOptions = {}): tf.Tensor {
  const { after, through, replace, gradient = false } = options
  const start = after === undefined ? 0 : indexOfLayer(chain, after) + 1
  const end = through === undefined ? chain.layers.length : indexOfLayer(chain, through) + 1
  let value = x
  for (const layer of chain.layers.slice(start, end)) {
    const replacement = replace?.get(layer.name)
    value = replacement ? replacement(value, layer) : apply(layer, value, gradient)
  }
  return value
}

/** A layer's output in inference, in a form that computes no gradient of its weights if asked. */
export function apply(layer: tf.layers.Layer, x: tf.Tensor, gradient: boolean): tf.Tensor {
  if (gradient && layer instanceof Convolution) {
    // The form for training has a gradient for each input apart, so that the filters' is left out.
    return layer.apply(x, { training: true }) as tf.Tensor
  }
  if (gradient && isLinear(layer)) {
    // The fused product that tf.layers.dense runs computes the gradient of its matrix as well, which for
    // AlexNet's fc6 is another 151 MB.
    const [kernel, bias] = layer.getWeights() as [tf.Tensor2D, tf.Tensor1D?]
    const product = tf.matMul(x as tf.Tensor2D, kernel)
    return bias ? tf.add(product, bias) : product
  }
  return layer.apply(x, { training: false }) as tf.Tensor
}

function isLinear(layer: tf.layers.Layer): boolean {
  return layer.getClassName() === 'Dense' && layer.getConfig().activation === 'linear'
}

/** A prepared picture, or several in a row, as a batch. */
export function inputTensor({ inputShape }: Chain, input: Float32Array): tf.Tensor4D {
  const [height, width, channels] = inputShape
  const length = height * width * channels
  if (input.length === 0 || input.length % length !== 0) {
    throw new OptionError(
      `the prepared picture has ${input.length} numbers where the model takes ${length} (${height} rows of ${width} pixels of ${channels})`,
    )
  }
  return tf.tensor4d(input, [input.length / length, height, width, channels])
}

/** The class to explain: the one asked for, or else the likeliest. */
export async function targetClass(
  chain: Chain,
  input: Float32Array,
  target: number | undefined,
): Promise<number> {
  if (target !== undefined) {
    requireWholeNumber('target', target, 0)
    if (target < chain.classes) return target
    throw new OptionError(`there is no class ${target}: the model has 0 to ${chain.classes - 1}`)
  }
  const best = tf.tidy(() => tf.argMax(run(chain, inputTensor(chain, input)), 1))
  try {
    return (await best.data())[0]!
  } finally {
    best.dispose()
  }
}

/** Logits of a class for each picture of a batch: [batch]. */
export function logitOf(logits: tf.Tensor, target: number): tf.Tensor {
  return tf.squeeze(tf.slice(logits, [0, target], [-1, 1]), [1])
}

/** The function of an activation layer (`relu`, `tanh`, …), or undefined for any other layer. */
export function activationOf(layer: tf.layers.Layer): string | undefined {
  return layer.getClassName() === 'Activation' ? String(layer.getConfig().activation) : undefined
}

/**
 * Name of the last activation whose output is maps of more than one place: what Grad-CAM looks at if not
 * told otherwise.
 */
export function lastMapLayer(chain: Chain): string {
  const isMap = (layer: tf.layers.Layer) => {
    const [height, width, channels] = shapeOf(layer)
    return channels !== undefined && height! * width! > 1
  }
  const found =
    chain.layers.findLast((layer) => activationOf(layer) !== undefined && isMap(layer)) ??
    chain.layers.findLast(isMap)
  if (found) return found.name
  throw new OptionError('the model has no layer whose output is maps')
}

/** A layer's output for one picture: [height, width, channels] or [units]. */
export function shapeOf(layer: tf.layers.Layer): number[] {
  return (layer.getOutputAt(0) as tf.SymbolicTensor).shape.slice(1) as number[]
}

/** @throws OptionError unless the layer's output is maps; its [height, width, channels] */
export function mapShape(chain: Chain, name: string): [number, number, number] {
  const shape = shapeOf(chain.layers[indexOfLayer(chain, name)]!)
  if (shape.length === 3) return shape as [number, number, number]
  throw new OptionError(
    `layer ${name} gives ${shape[0]} numbers, not maps: choose one of ${chain.layers
      .filter((layer) => shapeOf(layer).length === 3)
      .map((layer) => layer.name)
      .join(', ')}`,
  )
}

/** Reads a tensor and frees it. */
export async function read(tensor: tf.Tensor): Promise<Float32Array> {
  try {
    return Float32Array.from(await tensor.data())
  } finally {
    tensor.dispose()
  }
}
