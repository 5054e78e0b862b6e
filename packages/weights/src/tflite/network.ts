// An AlexNet as a .tflite file, for LiteRT (formerly TensorFlow Lite). The network comes as the list of its layers and
// its weights by PyTorch's names in PyTorch's layouts; in the file pictures go pixel by pixel, as LiteRT wants
// them, and the weights are in that order.

import {
  type ConvolutionStep,
  type LinearStep,
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
import { encodeTfliteGraph, type TfliteGraph } from './encode.ts'
import { GraphBuilder } from './graph-builder.ts'
import { channelsLast, pixelByPixel } from './layouts.ts'
import { encodeModelMetadata, labelsArchive, METADATA_NAME } from './metadata.ts'
import {
  convolutionOptions,
  type FusedActivation,
  normalizationOptions,
  poolingOptions,
  softmaxOptions,
  type WindowPadding,
} from './schema.ts'
import { countedShares, type Placing, placingOf } from './windows.ts'

/** What becomes a .tflite file. */
export interface TfliteNetwork {
  /** Name of the graph. Default `alexnet`. */
  name?: string
  /** All layers in order, the input first. */
  layers: readonly NetworkLayer[]
  /** Weights by PyTorch's names; also as `quantize` gives them, float16 or int8 with scales. */
  tensors: ReadonlyMap<string, StoredTensor>
  /**
   * Takes the pictures' normalisation into the file: its input then is uint8 RGB. Default: float32, normalised.
   */
  preprocessing?: PixelNormalization
  /**
   * How pictures are normalised before they come, where the file does not do it: told in its metadata, so that
   * MediaPipe does. Default: not told.
   */
  normalizedBy?: PixelNormalization
  /** Pictures at a time; runtimes that can resize an input change it. Default 1. */
  batch?: number
  /** The output is `probabilities` instead of `logits`. Default false. */
  softmax?: boolean
  /** Class names, kept as metadata: in the file `labels.txt` of an archive at the file's end. */
  labels?: readonly string[]
  /** Free text by key, kept as JSON. */
  metadata?: Readonly<Record<string, string>>
}

/**
 * Writes a network as a .tflite file with the input `image`, `[batch, height, width, 3]`, and the output `logits` or
 * `probabilities`, `[batch, classes]`, float32. Weights of int8 are multiplied as int8, with inputs that are
 * quantised as they come (dynamic range).
 *
 * @returns the file in chunks, the weights' own memory among them.
 * @throws RangeError for a layer that has no counterpart or a weight that is missing, naming it, and past 2 GiB.
 */
export function encodeTflite(network: TfliteNetwork): Uint8Array<ArrayBuffer>[] {
  const chunks = encodeTfliteGraph(tfliteGraph(network))
  if (!network.labels) return chunks
  const size = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)
  return [...chunks, labelsArchive(network.labels, size)]
}

/** The graph that {@link encodeTflite} writes. */
export function tfliteGraph(network: TfliteNetwork): TfliteGraph {
  const { name = 'alexnet', batch = 1, softmax = false, labels, metadata = {} } = network
  if (!Number.isSafeInteger(batch) || batch < 1) {
    throw new RangeError(`batch must be a whole number from 1 on, found ${batch}`)
  }
  const { input, steps } = networkSteps(network.layers)
  const writer = new NetworkWriter(network.tensors)
  const image = writer.input(
    [batch, input.height, input.width, input.channels],
    network.preprocessing,
  )
  for (const [index, step] of steps.entries()) writer.add(step, steps[index + 1])
  writer.requireOrder()
  const { graph } = writer
  if (softmax)
    graph.append('softmax', { op: 'SOFTMAX', shape: graph.shape, options: softmaxOptions })
  const output = softmax ? 'probabilities' : 'logits'
  graph.rename(output)
  const { preprocessing, normalizedBy } = network
  const isTold = !preprocessing && normalizedBy?.mean.length === 3
  return {
    name,
    tensors: graph.tensors,
    operators: graph.operators,
    inputs: [image],
    outputs: [graph.current],
    metadata: {
      [METADATA_NAME]: encodeModelMetadata({
        name,
        input: 'image',
        output,
        normalizedBy: isTold ? normalizedBy : undefined,
        hasLabels: labels !== undefined,
      }),
      alexnet: new TextEncoder().encode(JSON.stringify(metadata)),
    },
  }
}

class NetworkWriter {
  readonly graph = new GraphBuilder()
  readonly #tensors: ReadonlyMap<string, StoredTensor>
  /** What was flattened, until a linear layer has its weights in that order. */
  #flattened: PictureSize | undefined
  /** The operator before does the next step, a ReLU, itself. */
  #isFused = false

  constructor(tensors: ReadonlyMap<string, StoredTensor>) {
    this.#tensors = tensors
  }

  input(shape: readonly number[], normalization: PixelNormalization | undefined): number {
    const { graph } = this
    const image = graph.value('image', normalization ? 'uint8' : 'float32', shape)
    if (!normalization) return image
    const { scale, shift } = scaleAndShift(normalization)
    graph.cast('image.float')
    graph.multiply('image.scaled', [3], scale)
    graph.add('image.normalized', shift.length === 3 ? [3] : [1, ...shape.slice(1)], shift)
    return image
  }

  add(step: NetworkStep, next: NetworkStep | undefined): void {
    const { graph } = this
    switch (step.kind) {
      case 'convolution':
        this.#convolution(step, this.#fused(next))
        break
      case 'linear':
        this.#linear(step, this.#fused(next))
        break
      case 'max-pooling':
        this.#pooling(step, 'MAX_POOL_2D', this.#placed(step, placingOf(step), LOWEST))
        break
      case 'average-pooling':
        this.#averagePooling(step)
        break
      case 'adaptive-average-pooling':
        graph.adaptiveAverages(step.name, step.input, step.output)
        break
      case 'local-response-normalization':
        this.#normalization(step)
        break
      case 'same-map-normalization':
        this.#sameMapNormalization(step)
        break
      case 'scaling':
        graph.multiply(step.name, [], Float32Array.of(step.factor))
        break
      case 'activation':
        if (!this.#isFused) {
          graph.append(step.name, { op: activations[step.activation], shape: graph.shape })
        }
        this.#isFused = false
        break
      case 'flatten':
        this.#flattened = step.input
        graph.reshape(step.name, [graph.shape[0]!, step.output.channels])
    }
  }

  /** @throws RangeError when what was flattened comes out as it is, pixel by pixel and not as PyTorch has it */
  requireOrder(): void {
    const { height = 1, width = 1, channels = 1 } = this.#flattened ?? {}
    if (height * width === 1 || channels === 1) return
    throw new RangeError('a network for LiteRT has a linear layer after its pictures are flattened')
  }

  #fused(next: NetworkStep | undefined): FusedActivation {
    this.#isFused = next?.kind === 'activation' && next.activation === 'relu'
    return this.#isFused ? 'relu' : 'none'
  }

  #weight(name: string, layout = (tensor: StoredTensor) => tensor): number {
    const tensor = this.#tensors.get(name)
    if (!tensor) throw new RangeError(`the weight ${name} is missing`)
    return this.graph.weight(name, layout(tensor), this.#tensors.get(`${name}.scale`))
  }

  #shapeOf({ height, width, channels }: PictureSize): number[] {
    return [this.graph.shape[0]!, height, width, channels]
  }

  /** Cuts off and pads what the windows of the next operator cannot, and tells its padding. */
  #placed(step: WindowedStep, placing: Placing, border = 0): WindowPadding {
    const { graph } = this
    const { name } = step
    const { padding, crop, pad } = placing
    if (crop) {
      const others = [
        graph.ints(`${name}.begin`, [0, 0, 0, 0]),
        graph.ints(`${name}.size`, [-1, crop.height, crop.width, crop.channels]),
      ]
      graph.append(`${name}.cropped`, { op: 'SLICE', shape: this.#shapeOf(crop), others })
    }
    if (pad) {
      const { top, bottom, left, right } = pad
      const [batch, height, width, channels] = graph.shape as [number, number, number, number]
      const sides = graph.ints(`${name}.sides`, [0, 0, top, bottom, left, right, 0, 0], [4, 2])
      const shape = [batch, height + top + bottom, width + left + right, channels]
      const value =
        border === 0 ? [] : [graph.floats(`${name}.border`, [], Float32Array.of(border))]
      const op = border === 0 ? 'PAD' : 'PADV2'
      graph.append(`${name}.padded`, { op, shape, others: [sides, ...value] })
    }
    return padding
  }

  #convolution(step: ConvolutionStep, activation: FusedActivation): void {
    const { name, stride, groups, output } = step
    const padding = this.#placed(step, placingOf(step))
    const weights = this.#weight(`${name}.weight`, channelsLast)
    const isInt8 = this.graph.tensors[weights]!.dtype === 'int8'
    this.graph.append(name, {
      op: 'CONV_2D',
      // Six knows groups, by fewer channels in the filter; five int8 weights with a scale for each channel.
      version: groups > 1 ? 6 : isInt8 ? 5 : 1,
      shape: this.#shapeOf(output),
      others: [weights, this.#weight(`${name}.bias`)],
      options: convolutionOptions(padding, stride, activation),
    })
  }

  #linear({ name, output }: LinearStep, activation: FusedActivation): void {
    const flattened = this.#flattened
    this.#flattened = undefined
    const weights = this.#weight(`${name}.weight`, (tensor) =>
      flattened ? pixelByPixel(tensor, flattened.channels) : tensor,
    )
    const bias = this.#weight(`${name}.bias`)
    this.graph.fullyConnected(name, output.channels, weights, bias, activation)
  }

  #pooling(
    { name, kernel, stride, output }: PoolingStep,
    op: 'MAX_POOL_2D' | 'AVERAGE_POOL_2D',
    padding: WindowPadding,
  ): void {
    const options = poolingOptions(padding, stride, kernel)
    this.graph.append(name, { op, shape: this.#shapeOf(output), options })
  }

  #averagePooling(step: PoolingStep): void {
    const { name, asked, output, countsPadding } = step
    // LiteRT's own padding is never counted.
    const counts = countsPadding && Object.values(asked).some((side) => side > 0)
    const placing = placingOf(step, !counts)
    this.#pooling(step, 'AVERAGE_POOL_2D', this.#placed(step, placing))
    const shares = placing.padding === 'same' ? undefined : countedShares(step)
    if (shares) {
      this.graph.multiply(`${name}.counted`, [1, output.height, output.width, 1], shares)
    }
  }

  #normalization(step: NormalizationStep): void {
    const { graph } = this
    const { name, size, groups, input } = step
    if (size % 2 === 0) {
      throw new RangeError(
        `layer ${name}: LiteRT normalises over odd numbers of channels, not ${size}`,
      )
    }
    const whole = graph.shape
    const { height, width, channels } = input
    // Channels being innermost, a group is a pixel of its own.
    if (groups > 1) {
      graph.reshape(`${name}.split`, [whole[0]!, height, width * groups, channels / groups])
    }
    graph.append(groups > 1 ? `${name}.normalized` : name, {
      op: 'LOCAL_RESPONSE_NORMALIZATION',
      shape: graph.shape,
      options: normalizationOptions((size - 1) / 2, step),
    })
    if (groups > 1) graph.reshape(name, whole)
  }

  #sameMapNormalization({ name, input, size, alpha, beta, bias }: NormalizationStep): void {
    const { graph } = this
    const value = graph.current
    const side = (size - 1) / 2
    const { height, width, channels } = input
    graph.multiplyBy(`${name}.squares`, value)
    const sides = [0, 0, side, side, side, side, 0, 0]
    graph.append(`${name}.padded`, {
      op: 'PAD',
      shape: this.#shapeOf({ height: height + 2 * side, width: width + 2 * side, channels }),
      others: [graph.ints(`${name}.sides`, sides, [4, 2])],
    })
    graph.append(`${name}.means`, {
      op: 'AVERAGE_POOL_2D',
      shape: this.#shapeOf(input),
      options: poolingOptions('valid', 1, [size, size]),
    })
    graph.multiply(`${name}.sums`, [], Float32Array.of(alpha * size ** 2))
    graph.add(`${name}.denominators`, [], Float32Array.of(bias))
    const exponent = graph.floats(`${name}.exponent`, [], Float32Array.of(-beta))
    graph.append(`${name}.factors`, { op: 'POW', shape: graph.shape, others: [exponent] })
    graph.multiplyBy(name, value)
  }
}

/** What a maximum never takes: the lowest float32. */
const LOWEST = -3.4028234663852886e38

const activations = { relu: 'RELU', sigmoid: 'LOGISTIC', tanh: 'TANH' } as const
