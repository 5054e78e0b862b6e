// The worker's side of classifying and looking inside: one backend, one model, pictures in, answers out.
import { Classifier, describe } from '@alexnet/core'
import {
  averageViews,
  createPreprocess,
  createTenViewPreprocess,
  type Picture,
  shapes,
} from '@alexnet/data'
import { startBackend } from './backends.ts'
import { decode, toPng } from './decode.ts'
import * as looking from './looking.ts'
import { type LoadedModel, loadModel } from './models.ts'
import type {
  BackendChoice,
  BackendInfo,
  Classified,
  HeatMethod,
  LayerInfo,
  MapSheet,
  ModelInfo,
  ModelSource,
  OnProgress,
  PageImage,
  Part,
  Pixels,
  SwitchOffView,
  UnitView,
} from './protocol.ts'

export interface ClassifyOptions {
  topK?: number
  /** Average over corners, middle and their mirror images, as the 2012 paper tests. */
  tenView?: boolean
}

export class Engine {
  #loaded: LoadedModel | undefined
  /** The last picture decoded, which is often the next one asked about. */
  #decoded: { id: string; picture: Picture } | undefined

  /** Starts a backend; once for each worker. */
  async start(choice: BackendChoice, onLost: (reason: string) => void): Promise<BackendInfo> {
    return startBackend(choice, onLost)
  }

  /** Takes another model in the place of the one there is, which stays if this one fails. */
  async loadModel(source: ModelSource, onProgress?: OnProgress): Promise<ModelInfo> {
    const loaded = await loadModel(source, onProgress)
    this.#loaded?.model.dispose()
    this.#loaded = loaded
    const { name, description, labels, model, options } = loaded
    const inputSize = model.inputs[0]!.shape[1]!
    const { parameters } = describe(model)
    const variant = options.variant ?? 'torchvision'
    return { name, description, variant, labels: [...labels], inputSize, parameters }
  }

  async classify(
    image: PageImage,
    { topK = 5, tenView = false }: ClassifyOptions = {},
  ): Promise<Classified> {
    const { model, labels, preprocessing } = this.#model
    const picture = await this.#picture(image)
    const started = performance.now()
    const views = tenView ? this.#tenViews(picture) : [createPreprocess(preprocessing)(picture)]
    let next = 0
    const classifier = new Classifier({ model, labels, preprocess: () => views[next++]! })
    const stand = { width: 1, height: 1, data: new Uint8Array(3) }
    const rows = await classifier.classify(
      views.map(() => stand),
      { topK: labels.length },
    )
    const probabilities = new Float32Array(views.length * labels.length)
    for (const [row, predictions] of rows.entries()) {
      for (const { index, probability } of predictions) {
        probabilities[row * labels.length + index] = probability
      }
    }
    const means = averageViews(probabilities, labels.length, views.length)
    const top = looking.likeliest(means, labels, topK)
    const milliseconds = performance.now() - started
    return { id: image.id, name: image.name, top, milliseconds }
  }

  /** The layers of the network, from the first to the last. */
  async layers(): Promise<LayerInfo[]> {
    return looking.layersOf(this.#model.model)
  }

  async maps(image: PageImage, layer: string, parts: Part[]): Promise<MapSheet> {
    const input = await this.#prepared(image)
    return looking.mapSheet(this.#model.model, input, layer, parts)
  }

  async unit(
    image: PageImage,
    layer: string,
    place: { row: number; column: number; channel: number },
    parts: Part[],
  ): Promise<UnitView> {
    const input = await this.#prepared(image)
    return looking.unitView(this.#model, input, layer, place, parts)
  }

  async filters(layer: string): Promise<Pixels> {
    return looking.filterSheet(this.#model.model, layer)
  }

  async heat(
    image: PageImage,
    method: HeatMethod,
    target: number,
    onProgress?: OnProgress,
  ): Promise<Pixels> {
    const input = await this.#prepared(image)
    const picture = await this.#picture(image)
    return looking.heat(this.#model, { input, picture }, method, target, onProgress)
  }

  async switchOff(image: PageImage, parts: Part[]): Promise<SwitchOffView> {
    const { model, labels } = this.#model
    return looking.switchedOff(model, labels, await this.#prepared(image), parts)
  }

  /** The picture as the network gets it. */
  async asSeen(image: PageImage): Promise<Pixels> {
    return looking.seen(this.#model, await this.#prepared(image))
  }

  /** A drawn picture of each class, as files. */
  async drawShapes(size: number, seed: number): Promise<{ name: string; blob: Blob }[]> {
    const dataset = shapes({ count: 10, size, seed, split: 'test' })
    return Promise.all(
      Array.from({ length: dataset.length }, async (_, index) => ({
        name: `${dataset.classes[dataset.label(index)]}.png`,
        blob: await toPng(await dataset.load(index)),
      })),
    )
  }

  get #model(): LoadedModel {
    if (this.#loaded) return this.#loaded
    throw new Error('no model is loaded: choose one at the top of the page')
  }

  async #picture({ id, blob, name }: PageImage): Promise<Picture> {
    if (this.#decoded?.id !== id) this.#decoded = { id, picture: await decode(blob, name) }
    return this.#decoded.picture
  }

  async #prepared(image: PageImage): Promise<Float32Array> {
    const { preprocessing } = this.#model
    return createPreprocess(preprocessing)(await this.#picture(image))
  }

  /** The paper's ten views: of a picture somewhat larger than the input. */
  #tenViews(picture: Picture): Float32Array[] {
    const { preprocessing } = this.#model
    const { crop, resize } = preprocessing
    const larger = resize > crop ? resize : Math.round((crop * 256) / 224)
    const views = createTenViewPreprocess({ ...preprocessing, resize: larger })(picture)
    const length = crop * crop * 3
    return Array.from({ length: views.length / length }, (_, at) =>
      views.subarray(at * length, (at + 1) * length),
    )
  }
}
