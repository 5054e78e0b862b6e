// An AlexNet as an ONNX file. The network comes as the list of its layers, each with its class, settings
// and output shape as TensorFlow.js gives them, and its weights by PyTorch's names in PyTorch's layouts,
// which are ONNX's too: pictures go channel by channel inside the file. Windows that round up, or
// leave pixels out, are written as explicit padding and slices, on which all runtimes agree.

import type { StoredTensor } from '../tensor.ts'
import { askedMargins, marginsOf } from '../windows.ts'
import { encodeOnnxGraph, type OnnxGraph, type OnnxNode, type OnnxValue } from './encode.ts'

/**
 * One layer of a tf.LayersModel:
 * `{ className: layer.getClassName(), name: layer.name, config: layer.getConfig(), outputShape: layer.outputShape }`.
 */
export interface OnnxLayer {
  className: string
  name: string
  config: Readonly<Record<string, unknown>>
  /** `[batch, height, width, channels]` or `[batch, units]`. */
  outputShape: readonly unknown[]
}

/** What becomes an ONNX file. */
export interface OnnxNetwork {
  /** Name of the graph. Default `alexnet`. */
  name?: string
  /** All layers in order, the input first. */
  layers: readonly OnnxLayer[]
  /** Weights by PyTorch's names; also as `quantize` gives them, float16 or int8 with scales. */
  tensors: ReadonlyMap<string, StoredTensor>
  /**
   * Takes the pictures' normalisation into the file: its input then is `image`, uint8 RGB
   * `[batch, height, width, 3]`, already cropped. Default: float32 `[batch, 3, height, width]`, normalised.
   */
  preprocessing?: {
    /** A number a channel, or one for each value of a picture: a mean picture, `[height, width, 3]`. */
    mean: ArrayLike<number>
    std: readonly [number, number, number]
  }
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
  const { name = 'alexnet', layers, labels, metadata = {} } = network
  const builder = new GraphBuilder(network.tensors, network.inputName)
  const input = builder.input(layers[0], network.preprocessing)
  for (const layer of layers.slice(1)) builder.add(layer)
  return {
    name,
    nodes: builder.nodes,
    inputs: [input],
    outputs: [builder.output('logits')],
    initializers: builder.initializers,
    metadata: { ...metadata, ...(labels ? { labels: JSON.stringify(labels) } : {}) },
  }
}

class GraphBuilder {
  readonly nodes: OnnxNode[] = []
  readonly initializers = new Map<string, StoredTensor>()
  readonly #tensors: ReadonlyMap<string, StoredTensor>
  readonly #inputName: string
  /** Name of the value that the next layer reads. */
  #current: string
  /** Its height, width and channels; of a vector 1, 1 and its length. */
  #size = { height: 1, width: 1, channels: 1 }

  constructor(tensors: ReadonlyMap<string, StoredTensor>, inputName = 'image') {
    this.#tensors = tensors
    this.#inputName = inputName
    this.#current = inputName
  }

  input(layer: OnnxLayer | undefined, preprocessing: OnnxNetwork['preprocessing']): OnnxValue {
    if (layer?.className !== 'InputLayer') throw new RangeError('the first layer is no input')
    this.#setSize(layer)
    const { height, width, channels } = this.#size
    if (!preprocessing) {
      return { name: this.#inputName, dtype: 'float32', shape: ['batch', channels, height, width] }
    }
    const { mean, std } = preprocessing
    // (pixel / 255 - mean) / std in one multiplication and one addition.
    this.#append('Cast', 'image.float', [], { to: { int: 1 } })
    this.#append('Transpose', 'image.channels', [], { perm: { ints: [0, 3, 1, 2] } })
    const scale = Float32Array.from(std, (value) => 1 / (255 * value))
    const pixels = mean.length / 3
    const shift = Float32Array.from({ length: mean.length }, (_, to) => {
      const channel = Math.floor(to / pixels)
      return -mean[(to % pixels) * 3 + channel]! / std[channel]!
    })
    const shape = pixels === 1 ? [1, 3, 1, 1] : [1, 3, height, width]
    this.#append('Mul', 'image.scaled', [this.#constant('image.scale', [1, 3, 1, 1], scale)])
    this.#append('Add', 'image.normalized', [this.#constant('image.shift', shape, shift)])
    return { name: this.#inputName, dtype: 'uint8', shape: ['batch', height, width, channels] }
  }

  output(name: string): OnnxValue {
    this.#append('Identity', name)
    return { name, dtype: 'float32', shape: ['batch', this.#size.channels] }
  }

  add(layer: OnnxLayer): void {
    const { className, name } = layer
    switch (className) {
      case 'AlexNetConvolution':
        this.#convolution(layer)
        break
      case 'AlexNetMaxPooling':
        this.#pooling(layer, 'MaxPool')
        break
      case 'AlexNetAveragePooling':
        this.#pooling(layer, 'AveragePool')
        break
      case 'AlexNetAdaptiveAveragePooling':
        this.#adaptivePooling(layer)
        break
      case 'AlexNetLocalResponseNormalization':
        this.#normalization(layer)
        break
      case 'AlexNetSameMapNormalization':
        this.#sameMapNormalization(layer)
        break
      case 'AlexNetDropout':
        this.#dropout(layer)
        break
      case 'Activation':
        this.#activation(name, layer.config.activation)
        break
      case 'Flatten':
        this.#append('Flatten', name, [], { axis: { int: 1 } })
        break
      case 'Dense':
        this.#linear(layer)
        break
      default:
        throw new RangeError(`layer ${name}: ${className} cannot be written as ONNX`)
    }
    this.#setSize(layer)
  }

  #setSize({ name, outputShape }: OnnxLayer): void {
    const extents = outputShape.slice(1)
    const isKnown = extents.every((extent) => Number.isSafeInteger(extent))
    if (!isKnown || (extents.length !== 1 && extents.length !== 3)) {
      throw new RangeError(`layer ${name}: its output shape [${outputShape}] is not fixed`)
    }
    const [height, width, channels] = extents.length === 3 ? extents : [1, 1, extents[0]]
    this.#size = { height, width, channels } as { height: number; width: number; channels: number }
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

  #convolution(layer: OnnxLayer): void {
    const { name, config } = layer
    const kernel = config.kernelSize as [number, number]
    const { pads, strides } = this.#windows(layer, kernel)
    this.#append('Conv', name, [this.#weight(`${name}.weight`), this.#weight(`${name}.bias`)], {
      kernel_shape: { ints: kernel },
      strides: { ints: strides },
      pads: { ints: pads },
      group: { int: config.groups as number },
    })
  }

  #pooling(layer: OnnxLayer, op: 'MaxPool' | 'AveragePool'): void {
    const { name, config } = layer
    const kernel = config.poolSize as [number, number]
    const { pads, strides, configured } = this.#windows(layer, kernel)
    const attributes: OnnxNode['attributes'] = {
      kernel_shape: { ints: kernel },
      strides: { ints: strides },
      pads: { ints: pads },
    }
    if (op === 'MaxPool') {
      this.#append(op, name, [], attributes)
      return
    }
    // ONNX counts all padding or none; PyTorch counts the padding that was asked for, not what rounding
    // up adds. The two agree unless both are there.
    const isAsked = configured.some((side) => side > 0)
    const isExtended = pads.some((side, i) => side > Math.max(0, configured[i]!))
    if (isAsked && isExtended && config.countIncludePad !== false) {
      throw new RangeError(
        `layer ${name}: average pooling with padding that rounds up has no counterpart`,
      )
    }
    const counts = isAsked && config.countIncludePad !== false ? 1 : 0
    this.#append(op, name, [], { ...attributes, count_include_pad: { int: counts } })
  }

  /** Padding `[top, left, bottom, right]` that gives the layer's output size, after cropping if need be. */
  #windows(layer: OnnxLayer, kernel: [number, number]) {
    const { name, config } = layer
    const { height, width } = this.#size
    const { top, left, bottom, right } = marginsOf(layer, kernel, this.#size)
    if (bottom < 0 || right < 0) {
      const starts = this.#integers(`${name}.starts`, [0, 0])
      const ends = this.#integers(`${name}.ends`, [
        height + Math.min(0, bottom),
        width + Math.min(0, right),
      ])
      this.#append('Slice', `${name}.cropped`, [
        starts,
        ends,
        this.#integers(`${name}.axes`, [2, 3]),
      ])
    }
    const stride = config.strides as number
    const asked = askedMargins(config)
    return {
      pads: [top, left, Math.max(0, bottom), Math.max(0, right)],
      strides: [stride, stride],
      configured: [asked.top, asked.left, asked.bottom, asked.right],
    }
  }

  #adaptivePooling({ name, config }: OnnxLayer): void {
    const { height, width } = this.#size
    const [rows, columns] = config.outputSize as [number, number]
    if (rows === height && columns === width) return
    // Averages of rectangles are averages by rows of averages by columns: two matrix products.
    const byColumn = averages(width, columns)
    const transposed = new Float32Array(byColumn.length)
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j < width; j++) transposed[j * columns + i] = byColumn[i * width + j]!
    }
    this.#append('MatMul', `${name}.columns`, [
      this.#constant(`${name}.by-column`, [width, columns], transposed),
    ])
    const byRow = this.#constant(`${name}.by-row`, [rows, height], averages(height, rows))
    this.nodes.push({ op: 'MatMul', inputs: [byRow, this.#current], outputs: [name] })
    this.#current = name
  }

  #normalization({ name, config }: OnnxLayer): void {
    const { size, alpha, beta, bias, groups = 1 } = config as Record<string, number>
    const { height, width, channels } = this.#size
    const reshape = (output: string, shape: number[]) =>
      this.#append('Reshape', output, [this.#integers(`${output}.shape`, shape)])
    if (groups > 1) reshape(`${name}.split`, [-1, channels / groups, height, width])
    // ONNX divides its alpha by the size.
    this.#append('LRN', groups > 1 ? `${name}.normalized` : name, [], {
      size: { int: size! },
      alpha: { float: alpha! * size! },
      beta: { float: beta! },
      bias: { float: bias! },
    })
    if (groups > 1) reshape(name, [-1, channels, height, width])
  }

  #sameMapNormalization({ name, config }: OnnxLayer): void {
    const { size, alpha, beta, bias } = config as Record<'size' | 'alpha' | 'beta' | 'bias', number>
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

  /** Nothing, unless training did not scale: then the outputs are scaled now. */
  #dropout({ name, config }: OnnxLayer): void {
    if (config.inverted !== false || config.rate === 0) return
    const keep = Float32Array.of(1 - (config.rate as number))
    this.#append('Mul', name, [this.#constant(`${name}.keep`, [], keep)])
  }

  #activation(name: string, activation: unknown): void {
    if (activation === 'linear') return
    const op = { relu: 'Relu', sigmoid: 'Sigmoid', tanh: 'Tanh' }[String(activation)]
    if (!op)
      throw new RangeError(`layer ${name}: the activation ${activation} cannot be written as ONNX`)
    this.#append(op, name)
  }

  #linear({ name, config }: OnnxLayer): void {
    const output = config.activation === 'linear' ? name : `${name}.sums`
    this.#append('Gemm', output, [this.#weight(`${name}.weight`), this.#weight(`${name}.bias`)], {
      transB: { int: 1 },
    })
    this.#activation(name, config.activation)
  }
}

/** `[output, input]`: row i averages pixels ⌊i·input/output⌋ to ⌈(i+1)·input/output⌉ − 1, PyTorch's rule. */
function averages(input: number, output: number): Float32Array {
  const values = new Float32Array(output * input)
  for (let i = 0; i < output; i++) {
    const start = Math.floor((i * input) / output)
    const end = Math.ceil(((i + 1) * input) / output)
    values.fill(1 / (end - start), i * input + start, i * input + end)
  }
  return values
}
