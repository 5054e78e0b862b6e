// An AlexNet as an ONNX file. The network comes as the list of its layers, each with its class, settings
// and output shape as TensorFlow.js gives them, and its weights by PyTorch's names in PyTorch's layouts,
// which are ONNX's too: pictures go channel by channel inside the file. Windows that round up, or
// leave pixels out, are written as explicit padding and slices, on which all runtimes agree.

import {
  type ActivationStep,
  type AdaptivePoolingStep,
  type ConvolutionStep,
  type NetworkLayer,
  type NetworkStep,
  type NormalizationStep,
  networkSteps,
  type PictureSize,
  type PoolingStep,
  type WindowedStep,
} from '../network/layers.ts'
import { type PixelNormalization, scaleAndShift } from '../network/preparation.ts'
import type { StoredTensor } from '../tensor.ts'
import { adaptiveAverages } from '../windows.ts'
import { encodeOnnxGraph, type OnnxGraph, type OnnxNode, type OnnxValue } from './encode.ts'

/** What becomes an ONNX file. */
export interface OnnxNetwork {
  /** Name of the graph. Default `alexnet`. */
  name?: string
  /** All layers in order, the input first. */
  layers: readonly NetworkLayer[]
  /** Weights by PyTorch's names; also as `quantize` gives them, float16 or int8 with scales. */
  tensors: ReadonlyMap<string, StoredTensor>
  /**
   * Takes the pictures' normalisation into the file: its input then is `image`, uint8 RGB
   * `[batch, height, width, 3]`, already cropped. Default: float32 `[batch, 3, height, width]`, normalised.
   */
  preprocessing?: PixelNormalization
  /** Name of the input. Default `image`; Transformers' is `pixel_values`. */
  inputName?: string
  /** Class names, kept as metadata. */
  labels?: readonly string[]
  /** Free text by key; with int8 weights the metadata of `quantize`, to be read back as float32. */
  metadata?: Readonly<Record<string, string>>
}

/**
 * Writes a network as an ONNX file with the input `image` (`inputName`) and the output `logits`, `[batch, classes]`.
 *
 * @returns the file in chunks, the weights' own memory among them.
 * @throws RangeError for a layer that has no counterpart or a weight that is missing, naming it.
 */
export function encodeOnnx(network: OnnxNetwork): Uint8Array<ArrayBuffer>[] {
  return encodeOnnxGraph(onnxGraph(network))
}

/** The graph that {@link encodeOnnx} writes. */
export function onnxGraph(network: OnnxNetwork): OnnxGraph {
  const { name = 'alexnet', labels, metadata = {} } = network
  const { input, steps } = networkSteps(network.layers)
  const builder = new GraphBuilder(network.tensors, network.inputName)
  const image = builder.input(input, network.preprocessing)
  for (const step of steps) builder.add(step)
  return {
    name,
    nodes: builder.nodes,
    inputs: [image],
    outputs: [builder.output('logits', (steps.at(-1)?.output ?? input).channels)],
    initializers: builder.initializers,
    metadata: { ...metadata, ...(labels ? { labels: JSON.stringify(labels) } : {}) },
  }
}

class GraphBuilder {
  readonly nodes: OnnxNode[] = []
  readonly initializers = new Map<string, StoredTensor>()
  readonly #tensors: ReadonlyMap<string, StoredTensor>
  readonly #inputName: string
  /** Name of the value that the next step reads. */
  #current: string

  constructor(tensors: ReadonlyMap<string, StoredTensor>, inputName = 'image') {
    this.#tensors = tensors
    this.#inputName = inputName
    this.#current = inputName
  }

  input({ height, width, channels }: PictureSize, normalization?: PixelNormalization): OnnxValue {
    if (!normalization) {
      return { name: this.#inputName, dtype: 'float32', shape: ['batch', channels, height, width] }
    }
    this.#append('Cast', 'image.float', [], { to: { int: 1 } })
    this.#append('Transpose', 'image.channels', [], { perm: { ints: [0, 3, 1, 2] } })
    const { scale, shift } = scaleAndShift(normalization)
    const pixels = shift.length / 3
    const byChannel = Float32Array.from(shift, (_, to) => {
      return shift[(to % pixels) * 3 + Math.floor(to / pixels)]!
    })
    const shape = pixels === 1 ? [1, 3, 1, 1] : [1, 3, height, width]
    this.#append('Mul', 'image.scaled', [this.#constant('image.scale', [1, 3, 1, 1], scale)])
    this.#append('Add', 'image.normalized', [this.#constant('image.shift', shape, byChannel)])
    return { name: this.#inputName, dtype: 'uint8', shape: ['batch', height, width, channels] }
  }

  output(name: string, classes: number): OnnxValue {
    this.#append('Identity', name)
    return { name, dtype: 'float32', shape: ['batch', classes] }
  }

  add(step: NetworkStep): void {
    const { name } = step
    switch (step.kind) {
      case 'convolution':
        this.#convolution(step)
        break
      case 'max-pooling':
      case 'average-pooling':
        this.#pooling(step)
        break
      case 'adaptive-average-pooling':
        this.#adaptivePooling(step)
        break
      case 'local-response-normalization':
        this.#normalization(step)
        break
      case 'same-map-normalization':
        this.#sameMapNormalization(step)
        break
      case 'scaling':
        this.#append('Mul', name, [
          this.#constant(`${name}.keep`, [], Float32Array.of(step.factor)),
        ])
        break
      case 'activation':
        this.#append(activations[step.activation], name)
        break
      case 'flatten':
        this.#append('Flatten', name, [], { axis: { int: 1 } })
        break
      case 'linear':
        this.#append('Gemm', name, [this.#weight(`${name}.weight`), this.#weight(`${name}.bias`)], {
          transB: { int: 1 },
        })
    }
  }

  /** A node that reads the current value and others, and gives the next current value. */
  #append(
    op: string,
    output: string,
    others: readonly string[] = [],
    attributes: OnnxNode['attributes'] = {},
  ): string {
    this.nodes.push({
      op,
      name: output,
      inputs: [this.#current, ...others],
      outputs: [output],
      attributes,
    })
    this.#current = output
    return output
  }

  #constant(name: string, shape: number[], data: Float32Array): string {
    this.initializers.set(name, { dtype: 'float32', shape, data })
    return name
  }

  #integers(name: string, values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt)
    this.initializers.set(name, { dtype: 'int64', shape: [values.length], data })
    return name
  }

  /**
   * Name of a weight as a float32 value: itself, cast from float16, or int8 times its channels' scales.
   * The initialiser has the weight's own name whatever its type, so that it is found when the file is read.
   */
  #weight(name: string): string {
    const tensor = this.#tensors.get(name)
    if (!tensor) throw new RangeError(`the weight ${name} is missing`)
    if (tensor.dtype === 'float32') {
      this.initializers.set(name, tensor)
      return name
    }
    this.initializers.set(name, tensor)
    const wide = `${name}.float32`
    if (tensor.dtype === 'float16') {
      const attributes = { to: { int: 1 } }
      this.nodes.push({ op: 'Cast', inputs: [name], outputs: [wide], attributes })
      return wide
    }
    const scale = this.#tensors.get(`${name}.scale`)
    if (tensor.dtype !== 'int8' || !scale) {
      throw new RangeError(`the weight ${name} is ${tensor.dtype}, and cannot be written as ONNX`)
    }
    this.initializers.set(`${name}.scale`, scale)
    this.nodes.push({
      op: 'DequantizeLinear',
      inputs: [name, `${name}.scale`],
      outputs: [wide],
      attributes: { axis: { int: 0 } },
    })
    return wide
  }

  #convolution(step: ConvolutionStep): void {
    const { name, groups } = step
    const weights = [this.#weight(`${name}.weight`), this.#weight(`${name}.bias`)]
    const windows = this.#windows(step)
    this.#append('Conv', name, weights, { ...windows, group: { int: groups } })
  }

  #pooling(step: PoolingStep): void {
    const { name, margins, asked, countsPadding } = step
    if (step.kind === 'max-pooling') {
      this.#append('MaxPool', name, [], this.#windows(step))
      return
    }
    // ONNX counts all padding or none; PyTorch counts the padding that was asked for, not what rounding
    // up adds. The two agree unless both are there.
    const sides = ['top', 'left', 'bottom', 'right'] as const
    const isAsked = sides.some((side) => asked[side] > 0)
    const isExtended = sides.some((side) => margins[side] > Math.max(0, asked[side]))
    if (isAsked && isExtended && countsPadding) {
      throw new RangeError(
        `layer ${name}: average pooling with padding that rounds up has no counterpart in ONNX`,
      )
    }
    const counts = isAsked && countsPadding ? 1 : 0
    const windows = this.#windows(step)
    this.#append('AveragePool', name, [], { ...windows, count_include_pad: { int: counts } })
  }

  /** Windows that give the step's output size, after what is left out of the picture is cut off. */
  #windows({ name, input, kernel, stride, margins }: WindowedStep): OnnxNode['attributes'] {
    const { top, left, bottom, right } = margins
    if (bottom < 0 || right < 0) {
      const starts = this.#integers(`${name}.starts`, [0, 0])
      const ends = this.#integers(`${name}.ends`, [
        input.height + Math.min(0, bottom),
        input.width + Math.min(0, right),
      ])
      this.#append('Slice', `${name}.cropped`, [
        starts,
        ends,
        this.#integers(`${name}.axes`, [2, 3]),
      ])
    }
    return {
      kernel_shape: { ints: kernel },
      strides: { ints: [stride, stride] },
      pads: { ints: [top, left, Math.max(0, bottom), Math.max(0, right)] },
    }
  }

  #adaptivePooling({ name, input, output }: AdaptivePoolingStep): void {
    // Averages of rectangles are averages by rows of averages by columns: two matrix products.
    const byColumn = adaptiveAverages(input.width, output.width)
    const transposed = new Float32Array(byColumn.length)
    for (let i = 0; i < output.width; i++) {
      for (let j = 0; j < input.width; j++) {
        transposed[j * output.width + i] = byColumn[i * input.width + j]!
      }
    }
    this.#append('MatMul', `${name}.columns`, [
      this.#constant(`${name}.by-column`, [input.width, output.width], transposed),
    ])
    const averages = adaptiveAverages(input.height, output.height)
    const byRow = this.#constant(`${name}.by-row`, [output.height, input.height], averages)
    this.nodes.push({ op: 'MatMul', inputs: [byRow, this.#current], outputs: [name] })
    this.#current = name
  }

  #normalization({ name, input, size, alpha, beta, bias, groups }: NormalizationStep): void {
    const { height, width, channels } = input
    const reshape = (output: string, shape: number[]) =>
      this.#append('Reshape', output, [this.#integers(`${output}.shape`, shape)])
    if (groups > 1) reshape(`${name}.split`, [-1, channels / groups, height, width])
    // ONNX divides its alpha by the size.
    this.#append('LRN', groups > 1 ? `${name}.normalized` : name, [], {
      size: { int: size },
      alpha: { float: alpha * size },
      beta: { float: beta },
      bias: { float: bias },
    })
    if (groups > 1) reshape(name, [-1, channels, height, width])
  }

  #sameMapNormalization({ name, size, alpha, beta, bias }: NormalizationStep): void {
    const input = this.#current
    const radius = (size - 1) / 2
    const scalar = (part: string, value: number) =>
      this.#constant(`${name}.${part}`, [], Float32Array.of(value))
    this.#append('Mul', `${name}.squares`, [input])
    this.#append('AveragePool', `${name}.means`, [], {
      kernel_shape: { ints: [size, size] },
      pads: { ints: [radius, radius, radius, radius] },
      count_include_pad: { int: 1 },
    })
    this.#append('Mul', `${name}.sums`, [scalar('alpha', alpha * size ** 2)])
    this.#append('Add', `${name}.denominators`, [scalar('bias', bias)])
    this.#append('Pow', `${name}.factors`, [scalar('exponent', -beta)])
    this.#append('Mul', name, [input])
  }
}

const activations: Record<ActivationStep['activation'], string> = {
  relu: 'Relu',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
}
