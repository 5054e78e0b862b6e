// A trained model: network, class names and the preparation of its pictures, held together. It names pictures
// (`classify`), describes them by numbers (`features`, `logits`), shows what it sees in them (`explain`) and goes
// into a file (`save`). Pictures of any kind stream through the loader, which prepares them straight into the
// batch. Results are read with `await`, never synchronously, because WebGPU has no other way; every tensor made
// here is freed here.

/// <reference lib="esnext.disposable" preserve="true" />

import {
  type AlexNetOptions,
  featureLayer,
  OptionError,
  quantizeLinear,
  type Variant,
} from '@alexnet/core'
import type { Preprocessing } from '@alexnet/data'
import type * as tf from '@tensorflow/tfjs'
import type { ModelDescription } from './description.ts'
import { ModelError } from './errors.ts'
import { explain } from './explain.ts'
import type { ExplainOptions, Explanation } from './explanation.ts'
import { classCount, pictureShape, upTo } from './network-shapes.ts'
import { asDataset, type PictureInput } from './pictures.ts'
import { likeliest, type Prediction } from './predictions.ts'
import { evaluationBatches, TEN, tenViewBatches } from './preparation.ts'
import {
  type Features,
  forward,
  isArray,
  isStream,
  type Pictures,
  type RunOptions,
  rowsOf,
  type Stream,
} from './running.ts'
import type { SaveOptions } from './write.ts'

/** Where a model's weights came from. */
export interface ModelOrigin {
  /** What it is called: a record's name, a file's. */
  name: string
  /** The file, or its name where it is none. */
  path: string
  /** Bytes of the file, or of several together; 0 where that is not known. */
  bytes: number
  /** Format and element types, `safetensors, int8`. */
  contents: string
  /** Whether the file keeps weights as int8. */
  isInt8: boolean
  /** Whether the file is a training run at one moment, of which the optimiser's state was left out. */
  isCheckpoint?: boolean
  /** Of published weights, a line that says what they are. */
  description?: string
}

/** Writes what `save` makes; the platform's. */
export type Save = (
  model: Model,
  target: string,
  options: SaveOptions,
) => Promise<Uint8Array<ArrayBuffer> | number>

/** What a Model is made of. */
export interface ModelParts {
  /** Takes [batch, height, width, 3], gives logits [batch, classes]. Disposed with the model. */
  network: tf.LayersModel
  preprocessing: Preprocessing
  /** Class names in the order of the logits. Default: their numbers. */
  labels?: readonly string[]
  /** createAlexNet's options, which go into files. Default: none are known. */
  options?: AlexNetOptions
  origin?: ModelOrigin
}

export interface ClassifyOptions extends RunOptions {
  /** How many of the likeliest classes to give, at most all of them. Default 5. */
  topK?: number
  /** One view of a picture, or the mean of ten (Krizhevsky et al., 2012, section 4.1). Default 'center'. */
  views?: 'center' | 'ten'
}

export interface FeaturesOptions extends RunOptions {
  /** Name of a layer, one of `layerNames`. Default that of `featureLayer`: fc7 of AlexNet, after its ReLU. */
  layer?: string
}

/** Names pictures, describes and explains them. Call `dispose` when done with it. */
export class Model implements ModelDescription {
  /** The network: [batch, inputSize, inputSize, 3] to logits [batch, classes]. */
  readonly network: tf.LayersModel
  /** createAlexNet's options that made the network. */
  readonly options: AlexNetOptions
  /** Class names, in the order of the logits. */
  readonly labels: string[]
  readonly preprocessing: Preprocessing
  readonly origin: ModelOrigin
  /** Names of the layers whose output `features` gives, from the first to the last. */
  readonly layerNames: readonly string[]
  readonly #inputShape: readonly [number, number, number]
  readonly #save: Save | undefined
  // They share the network's weights and own no tensor: disposing of one would free the network's.
  readonly #partial = new Map<string, tf.LayersModel>()
  #disposed = false

  /**
   * @throws OptionError when the network has not one picture input of fixed size and one row of logits as output,
   *   or there are not as many labels as classes
   */
  constructor({ network, preprocessing, labels, options = {}, origin }: ModelParts, save?: Save) {
    this.#inputShape = pictureShape(network)
    const classes = classCount(network)
    if (labels && labels.length !== classes) {
      throw new OptionError(
        `the model has ${classes} classes but ${labels.length} labels were given: give one label for each class, in the order of the logits`,
      )
    }
    const [height, width] = this.#inputShape
    if (preprocessing.crop !== height || preprocessing.crop !== width) {
      throw new OptionError(
        `the preprocessing crops pictures to ${preprocessing.crop} pixels, the network takes ${height}×${width}`,
      )
    }
    this.network = network
    this.preprocessing = preprocessing
    this.labels = labels ? [...labels] : Array.from({ length: classes }, (_, index) => `${index}`)
    this.options = options
    this.origin = origin ?? {
      name: network.name,
      path: network.name,
      bytes: 0,
      contents: '',
      isInt8: false,
    }
    this.layerNames = network.layers
      .filter((layer) => layer.getClassName() !== 'InputLayer')
      .map((layer) => layer.name)
    this.#save = save
  }

  /** Name of its variant, `torchvision`. */
  get variant(): Variant {
    return this.options.variant ?? 'torchvision'
  }

  /** Pixels a side of the network's input. */
  get inputSize(): number {
    return this.#inputShape[0]
  }

  /**
   * The likeliest classes of a picture, likeliest first; equal ones in the order of their numbers. For an array of
   * pictures an array of the same for each; for an async iterable one after the other, as they come.
   *
   * @throws OptionError on a bad option; PictureError on a broken picture; ModelError on what is no picture, on
   *   logits that are not finite, or after `dispose`
   */
  classify(picture: PictureInput, options?: ClassifyOptions): Promise<Prediction[]>
  classify(pictures: Pictures, options?: ClassifyOptions): Promise<Prediction[][]>
  classify(pictures: Stream, options?: ClassifyOptions): AsyncGenerator<Prediction[]>
  classify(
    pictures: PictureInput | Pictures | Stream,
    options: ClassifyOptions = {},
  ): Promise<Prediction[] | Prediction[][]> | AsyncGenerator<Prediction[]> {
    const { topK = 5, views = 'center' } = options
    const name = (rows: Float32Array[] | undefined, index: number) =>
      rows ? likeliest(rows, this.labels, topK, index) : []
    return this.#each(pictures, this.network, views === 'ten' ? TEN : 1, options, (rows, index) =>
      name(
        rows?.map(({ data }) => data),
        index,
      ),
    )
  }

  /**
   * A layer's output for a picture: [height, width, channels] of a convolution or pool, [units] of a fully connected
   * layer. For an array or an async iterable of pictures as `classify`.
   *
   * @throws as `classify`; OptionError on an unknown layer
   */
  features(picture: PictureInput, options?: FeaturesOptions): Promise<Features>
  features(pictures: Pictures, options?: FeaturesOptions): Promise<Features[]>
  features(pictures: Stream, options?: FeaturesOptions): AsyncGenerator<Features>
  features(
    pictures: PictureInput | Pictures | Stream,
    options: FeaturesOptions = {},
  ): Promise<Features | Features[]> | AsyncGenerator<Features> {
    const nothing = { shape: [0], data: new Float32Array(0) }
    return this.#each(
      pictures,
      () => this.#upTo(options.layer ?? featureLayer(this.network)),
      1,
      options,
      (rows) => rows?.[0] ?? nothing,
    )
  }

  /**
   * The logits of prepared inputs.
   *
   * @param inputs of one picture or several: inputSize · inputSize · 3 numbers each, NHWC, as `prepare` gives them
   * @returns a row of logits for each
   */
  async logits(inputs: Float32Array): Promise<Float32Array[]> {
    return (await this.outputs(inputs)).map(({ data }) => data)
  }

  /** A layer's output for prepared inputs, as `logits`; the logits where no layer is named. */
  async outputs(inputs: Float32Array, { layer }: { layer?: string } = {}): Promise<Features[]> {
    return this.#forward(layer === undefined ? this.network : this.#upTo(layer), inputs)
  }

  /** A picture as the network takes it: inputSize · inputSize · 3 numbers, NHWC, in the network's own scale. */
  async prepare(picture: PictureInput): Promise<Float32Array> {
    return this.#only(evaluationBatches, picture)
  }

  /** The ten views of a picture as the network takes them, one after the other (`tenViewBatches`). */
  async tenViews(picture: PictureInput): Promise<Float32Array> {
    return this.#only(tenViewBatches, picture)
  }

  /**
   * What the network sees in a picture: a map of numbers and a drawing of it.
   *
   * @param picture null for methods that look at the network alone
   * @throws OptionError on an unknown method, class or layer; ModelError where a method lacks what it needs
   */
  async explain(picture: PictureInput | null, options: ExplainOptions = {}): Promise<Explanation> {
    this.#requireLive()
    return explain(this, picture, options)
  }

  /**
   * Writes the model, its description with it where the format has room for one.
   *
   * @param target a path (Node; a folder for the formats that are several files), or 'bytes'
   * @returns the bytes of the file, or, of a path, how many were written
   * @throws ModelError for what the format cannot hold
   */
  async save(target: 'bytes', options?: SaveOptions): Promise<Uint8Array<ArrayBuffer>>
  async save(target: string, options?: SaveOptions): Promise<number>
  async save(target: string, options: SaveOptions = {}): Promise<Uint8Array<ArrayBuffer> | number> {
    this.#requireLive()
    if (!this.#save) throw new ModelError('this model was not opened by openModel: use encodeModel')
    return this.#save(this, target, options)
  }

  /**
   * Has the fully connected layers compute with the int8 weights of the file (`quantizeLinear` of core).
   *
   * @throws ModelError when the file has none
   */
  keepInt8(): void {
    this.#requireLive()
    if (!this.origin.isInt8) {
      throw new ModelError(
        `${this.origin.path} has no int8 weights to keep: make such a file with alexnet convert --quantize int8`,
      )
    }
    // The file's own levels: with the largest weight of each output at 127, rounding gives them again.
    quantizeLinear(this.network, 'int8')
  }

  /** Frees the network's weights; every later call fails. Calling it again does nothing. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#partial.clear()
    this.network.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  /** One result a picture, whichever way the pictures come. */
  #each<T>(
    pictures: PictureInput | Pictures | Stream,
    network: tf.LayersModel | (() => tf.LayersModel),
    views: number,
    options: RunOptions,
    result: (rows: Features[] | undefined, index: number) => T,
  ): Promise<T | T[]> | AsyncGenerator<T> {
    const run = async function* (this: Model, list: Pictures | Stream): AsyncGenerator<T> {
      this.#requireLive()
      const used = typeof network === 'function' ? network() : network
      let index = 0
      for await (const rows of rowsOf(list, this.preprocessing, views, options, (inputs) =>
        this.#forward(used, inputs),
      ))
        yield result(rows, index++)
    }.bind(this)
    if (isStream(pictures)) return run(pictures)
    return (async () => {
      const results: T[] = []
      for await (const one of run(isArray(pictures) ? pictures : [pictures])) results.push(one)
      return isArray(pictures) ? results : results[0]!
    })()
  }

  async #forward(network: tf.LayersModel, inputs: Float32Array): Promise<Features[]> {
    this.#requireLive() // it may have been disposed of while the last batch was read
    return forward(network, this.#inputShape, inputs)
  }

  /** The part of the network from the input to a layer. */
  #upTo(name: string): tf.LayersModel {
    const known = this.#partial.get(name)
    if (known) return known
    const partial = upTo(this.network, name)
    this.#partial.set(name, partial)
    return partial
  }

  async #only(batchesOf: typeof evaluationBatches, picture: PictureInput): Promise<Float32Array> {
    this.#requireLive()
    const dataset = await asDataset([picture])
    for await (const { images } of batchesOf(dataset, this.preprocessing, { batchSize: TEN })) {
      return images as Float32Array
    }
    throw new ModelError('no picture was given')
  }

  #requireLive(): void {
    if (this.#disposed) throw new ModelError('this model was disposed of: open it again')
  }
}
