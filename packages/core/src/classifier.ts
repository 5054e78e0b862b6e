// A network, the preparation of its pictures and the names of its classes, held together: what a
// program needs to name a picture (`classify`) or to describe it by numbers (`features`).
//
// It knows no picture format and no interpolation: pictures come as pixels, and preparing them is
// the caller's function, so that the same class serves Node and the browser. Results are read with
// `await`, never synchronously, because WebGPU has no other way; every tensor made here is freed
// here.

import * as tf from '@tensorflow/tfjs'
import { type AlexNetOptions, createAlexNet } from './build.ts'
import { OptionError, requireWholeNumber, suggestion } from './errors.ts'
import { loadWeights, type TensorLike } from './weights.ts'

/** A decoded picture. */
export interface Picture {
  /** Pixels in a row. */
  width: number
  /** Rows. */
  height: number
  /** Red, green and blue of each pixel, row after row: width · height · 3 bytes. */
  data: Uint8Array
}

/** Makes a network's input of a picture: NHWC without the N, values in the network's own scale. */
export type Preprocess = (picture: Picture) => Float32Array

/** One of the classes that a picture may belong to. */
export interface Prediction {
  /** Number of the class, from 0. */
  index: number
  /** Name of the class; its number as text where the classifier has no labels. */
  label: string
  /** Softmax of the logits: 0..1, summing to 1 over all classes. */
  probability: number
}

/** Output of one layer for one picture. */
export interface Features {
  /** [height, width, channels] of a convolution or pool, [units] of a fully connected layer. */
  shape: number[]
  /** The values in that order, the last axis fastest. */
  data: Float32Array
}

export interface ClassifierOptions {
  /** Takes [batch, height, width, channels], gives logits [batch, classes]. Disposed with the classifier. */
  model: tf.LayersModel
  /** Makes the model's input of a picture. */
  preprocess: Preprocess
  /** Names of the classes in the order of the logits. Default: their numbers. */
  labels?: readonly string[]
  /** Pictures that go through the network together. Default 32; less takes less memory. */
  batchSize?: number
}

/** A classifier file, read: weights by PyTorch's names, and what belongs to them as metadata. */
export interface ClassifierCheckpoint {
  tensors: ReadonlyMap<string, TensorLike>
  /** `alexnet` holds `{ options, labels, preprocessing }` as JSON: `alexnet train` writes it. */
  metadata: Readonly<Record<string, string>>
}

export interface ClassifierFromOptions<Preprocessing> {
  /** Makes the preparation of pictures from its record: `createPreprocess` of `@alexnet/data`. */
  createPreprocess: (preprocessing: Preprocessing) => Preprocess
  /** Pictures that go through the network together. Default 32. */
  batchSize?: number
}

export interface ClassifyOptions {
  /** How many of the likeliest classes to give, at most all of them. Default 5. */
  topK?: number
}

export interface FeaturesOptions {
  /** Name of a layer, one of `layerNames`. */
  layer: string
}

/** Names pictures and describes them by a layer's output. Call `dispose` when done with it. */
export class Classifier {
  /** Names of the layers whose output `features` gives, from the first to the last. */
  readonly layerNames: string[]
  /** Names of the classes, in the order of the logits. */
  readonly labels: readonly string[]
  readonly #model: tf.LayersModel
  readonly #preprocess: Preprocess
  readonly #batchSize: number
  readonly #inputShape: readonly [number, number, number]
  // They share the model's weights and own no tensor: disposing of one would free the model's.
  readonly #subModels = new Map<string, tf.LayersModel>()
  #disposed = false

  /**
   * The classifier that a file holds: network, weights, labels and preparation.
   *
   * @throws OptionError when the metadata describes no network; WeightsError when the weights are
   *   not that network's.
   * @example
   * const file = await readCheckpoint(await cifar10.load())
   * const classifier = Classifier.from(file, { createPreprocess })
   */
  static from<Preprocessing>(
    { tensors, metadata }: ClassifierCheckpoint,
    { createPreprocess, batchSize }: ClassifierFromOptions<Preprocessing>,
  ): Classifier {
    const { options, labels, preprocessing } = describedIn<Preprocessing>(metadata)
    const model = createAlexNet({ ...options, initialize: false })
    try {
      loadWeights(model, tensors)
      const preprocess = createPreprocess(preprocessing)
      return new Classifier({ model, preprocess, labels, ...(batchSize && { batchSize }) })
    } catch (error) {
      model.dispose()
      throw error
    }
  }

  /**
   * @throws OptionError when the model has not one picture input of fixed size and one row of
   *   logits as output, when there are not as many labels as classes, or on a bad batch size.
   */
  constructor({ model, preprocess, labels, batchSize = 32 }: ClassifierOptions) {
    this.#inputShape = pictureShape(model)
    const classes = classCount(model)
    if (labels && labels.length !== classes) {
      throw new OptionError(
        `the model has ${classes} classes but ${labels.length} labels were given: give one label for each class, in the order of the logits`,
      )
    }
    this.labels = labels ? [...labels] : Array.from({ length: classes }, (_, index) => `${index}`)
    this.#batchSize = requireWholeNumber('batchSize', batchSize, 1)
    this.#model = model
    this.#preprocess = preprocess
    this.layerNames = model.layers
      .filter((layer) => layer.getClassName() !== 'InputLayer')
      .map((layer) => layer.name)
  }

  /**
   * The likeliest classes of a picture, likeliest first; equal ones in the order of their numbers.
   * For an array of pictures, an array of the same for each.
   *
   * @throws OptionError on a bad `topK`; Error on a picture whose size and data disagree, on a
   *   logit that is not finite, or after `dispose`.
   */
  classify(picture: Picture, options?: ClassifyOptions): Promise<Prediction[]>
  classify(pictures: readonly Picture[], options?: ClassifyOptions): Promise<Prediction[][]>
  async classify(
    pictures: Picture | readonly Picture[],
    { topK = 5 }: ClassifyOptions = {},
  ): Promise<Prediction[] | Prediction[][]> {
    requireWholeNumber('topK', topK, 1)
    const rows = await this.#run(this.#model, asArray(pictures))
    const predictions = rows.map((row, index) => likeliest(row.data, this.labels, topK, index))
    return isArray(pictures) ? predictions : predictions[0]!
  }

  /**
   * A layer's output for a picture: [height, width, channels] of a convolution or pool, [units] of
   * a fully connected layer. For an array of pictures, an array of the same for each.
   *
   * @throws OptionError on an unknown layer; Error on a picture whose size and data disagree, or
   *   after `dispose`.
   */
  features(picture: Picture, options: FeaturesOptions): Promise<Features>
  features(pictures: readonly Picture[], options: FeaturesOptions): Promise<Features[]>
  async features(
    pictures: Picture | readonly Picture[],
    { layer }: FeaturesOptions,
  ): Promise<Features | Features[]> {
    this.#requireLive()
    const rows = await this.#run(this.#upTo(layer), asArray(pictures))
    return isArray(pictures) ? rows : rows[0]!
  }

  /** Frees the model's weights; every later call fails. Calling it again does nothing. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#subModels.clear()
    this.#model.dispose()
  }

  /** The part of the model from the input to a layer. */
  #upTo(name: string): tf.LayersModel {
    const known = this.#subModels.get(name)
    if (known) return known
    if (!this.layerNames.includes(name)) {
      const hint = suggestion(name, this.layerNames)
      const list = this.layerNames.join(', ')
      throw new OptionError(
        `there is no layer '${name}': ${hint.includes(list) ? hint : `${hint} The layers are ${list}`}`,
      )
    }
    const output = this.#model.getLayer(name).output
    if (Array.isArray(output)) {
      throw new OptionError(`layer '${name}' has ${output.length} outputs, features needs one`)
    }
    const subModel = tf.model({ inputs: this.#model.inputs, outputs: output })
    this.#subModels.set(name, subModel)
    return subModel
  }

  /** One row of a model's output for each picture, in batches. */
  async #run(model: tf.LayersModel, pictures: readonly Picture[]): Promise<Features[]> {
    this.#requireLive()
    const rows: Features[] = []
    for (let start = 0; start < pictures.length; start += this.#batchSize) {
      const batch = pictures.slice(start, start + this.#batchSize)
      const input = this.#prepare(batch, start)
      this.#requireLive() // it may have been disposed of while the last batch was read
      const output = tf.tidy(() => {
        const x = tf.tensor4d(input, [batch.length, ...this.#inputShape])
        return model.predictOnBatch(x) as tf.Tensor
      })
      try {
        const values = (await output.data()) as Float32Array
        const shape = output.shape.slice(1)
        const length = values.length / batch.length
        for (let row = 0; row < batch.length; row++) {
          rows.push({ shape: [...shape], data: values.slice(row * length, (row + 1) * length) })
        }
      } finally {
        output.dispose()
      }
    }
    return rows
  }

  /** The network's input for a batch of pictures, of which `first` is the number of the first. */
  #prepare(batch: readonly Picture[], first: number): Float32Array {
    const [height, width, channels] = this.#inputShape
    const length = height * width * channels
    const input = new Float32Array(batch.length * length)
    for (const [row, picture] of batch.entries()) {
      checkPicture(picture, first + row)
      const prepared = this.#preprocess(picture)
      if (prepared.length !== length) {
        throw new Error(
          `preprocess gave ${prepared.length} values for picture ${first + row}, the model wants ${length} (${height} rows of ${width} pixels of ${channels}): make it for the model's input size`,
        )
      }
      input.set(prepared, row * length)
    }
    return input
  }

  #requireLive(): void {
    if (this.#disposed) throw new Error('this classifier was disposed of: make a new one')
  }
}

/** [height, width, channels] of a model's input. */
function pictureShape(model: tf.LayersModel): readonly [number, number, number] {
  const shape = model.inputs[0]!.shape
  const [height, width, channels] = shape.slice(1)
  if (model.inputs.length !== 1 || shape.length !== 4 || !height || !width || !channels) {
    throw new OptionError(
      `a classifier's model needs one input [batch, height, width, channels] of fixed size, found ${show(model.inputs)}`,
    )
  }
  return [height, width, channels]
}

/** Number of a model's logits. */
function classCount(model: tf.LayersModel): number {
  const shape = model.outputs[0]!.shape
  const classes = shape[1]
  if (model.outputs.length !== 1 || shape.length !== 2 || !classes) {
    throw new OptionError(
      `a classifier's model needs one output [batch, classes], found ${show(model.outputs)}`,
    )
  }
  return classes
}

/** Shapes of a model's inputs or outputs; null stands for a size that is not fixed. */
function show(tensors: readonly tf.SymbolicTensor[]): string {
  return tensors.map((tensor) => JSON.stringify(tensor.shape)).join(' and ')
}

function checkPicture(picture: Picture, index: number): void {
  const { width, height, data } = picture
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new Error(
      `picture ${index} is ${width}×${height} pixels: width and height must be whole numbers of at least 1`,
    )
  }
  const expected = width * height * 3
  if (data.length !== expected) {
    const guess = data.length === width * height * 4 ? ' (it looks like RGBA: drop the alpha)' : ''
    throw new Error(
      `picture ${index} of ${width}×${height} pixels has ${data.length} bytes, expected ${expected}: red, green and blue of each pixel${guess}`,
    )
  }
}

/** The `topK` largest of softmax(logits). */
function likeliest(
  logits: Float32Array,
  labels: readonly string[],
  topK: number,
  picture: number,
): Prediction[] {
  let largest = Number.NEGATIVE_INFINITY
  for (const [index, logit] of logits.entries()) {
    if (!Number.isFinite(logit)) {
      throw new Error(
        `the model gave ${logit} for class ${index} of picture ${picture}: its weights or the prepared picture are not finite or too large`,
      )
    }
    largest = Math.max(largest, logit)
  }
  // Less the largest logit, so that no exponential overflows.
  const exponentials = Array.from(logits, (logit) => Math.exp(logit - largest))
  const total = exponentials.reduce((sum, value) => sum + value, 0)
  return exponentials
    .map((value, index) => ({ index, label: labels[index]!, probability: value / total }))
    .sort((a, b) => logits[b.index]! - logits[a.index]! || a.index - b.index)
    .slice(0, topK)
}

function isArray(pictures: Picture | readonly Picture[]): pictures is readonly Picture[] {
  return Array.isArray(pictures)
}

function asArray(pictures: Picture | readonly Picture[]): readonly Picture[] {
  return isArray(pictures) ? pictures : [pictures]
}

/** What a classifier file's metadata says. */
function describedIn<Preprocessing>(metadata: Readonly<Record<string, string>>) {
  const stored = metadata.alexnet
  if (stored === undefined) {
    throw new OptionError(
      "the file does not describe its network (no 'alexnet' in its metadata): make the model by " +
        'createAlexNet, fill it by loadWeights and give it to new Classifier',
    )
  }
  try {
    const { options, labels, preprocessing } = JSON.parse(stored)
    if (typeof options === 'object' && Array.isArray(labels) && typeof preprocessing === 'object') {
      return { options, labels, preprocessing } as {
        options: AlexNetOptions
        labels: string[]
        preprocessing: Preprocessing
      }
    }
  } catch {
    // No JSON: the same message.
  }
  throw new OptionError(
    "the file's description of its network cannot be read: 'alexnet' in its metadata must hold " +
      'options, labels and preprocessing as JSON',
  )
}
