// The worker's side of classifying and looking inside: one backend, one model, pictures in, answers out.
import { describeModel } from '@alexnet/core'
import { featureMapsWithout } from '@alexnet/core/explain'
import { type Picture, shapes } from '@alexnet/data'
import type { Model } from '@alexnet/model'
import { painted, type Stroke } from '../painting.ts'
import { answerCard } from './answer-card.ts'
import { startBackend } from './backends.ts'
import { Comparer } from './comparing.ts'
import { decode, reduced, toFile } from './decode.ts'
import { layerFaces } from './faces.ts'
import { blank, forScreen, type Nudged, nudged } from './hands.ts'
import * as likes from './likes.ts'
import { Live } from './live.ts'
import * as looking from './looking.ts'
import * as mapFeatures from './map-features.ts'
import { loadModel } from './models.ts'
import { poolWindow } from './pooled.ts'
import type {
  Alike,
  BackendChoice,
  BackendInfo,
  Classified,
  ComparisonView,
  HeatMethod,
  LayerDistances,
  LayerFace,
  LayerInfo,
  LikedPatch,
  LiveView,
  MapSheet,
  ModelInfo,
  ModelSource,
  NudgeView,
  OnGrown,
  OnProgress,
  PageImage,
  Part,
  Pixels,
  PoolWindow,
  Prediction,
  SoftmaxTerms,
  SwitchOffView,
  TakenPage,
  TakenWeights,
  TileSheet,
  UnitSum,
  UnitView,
} from './protocol.ts'
import { softmaxTerms } from './softmax-terms.ts'
import { tableOf, type VariantTable } from './tables.ts'
import { unitSum } from './unit-sum.ts'

export interface ClassifyOptions {
  topK?: number
  /** Average over corners, middle and their mirror images, as the 2012 paper tests. */
  tenView?: boolean
}

export class Engine {
  #loaded: Model | undefined
  #loading: AbortController | undefined
  readonly #comparer = new Comparer()
  readonly #live = new Live()
  /** The last picture decoded, which is often the next one asked about. */
  #decoded: { id: string; picture: Picture } | undefined

  /** Starts a backend; once for each worker. */
  async start(choice: BackendChoice, onLost: (reason: string) => void): Promise<BackendInfo> {
    return startBackend(choice, onLost)
  }

  /** Takes another model in the place of the one there is, which stays if this one fails. */
  async loadModel(source: ModelSource, onProgress?: OnProgress): Promise<ModelInfo> {
    this.#loading = new AbortController()
    const loaded = await loadModel(source, onProgress, this.#loading.signal)
    this.#comparer.dispose()
    this.#loaded?.dispose()
    this.#loaded = loaded
    const offered = source.kind === 'download' ? source.record : undefined
    const { name, description } = offered ?? loaded.origin
    const { labels, variant, inputSize } = loaded
    const { parameters } = describeModel(loaded.network)
    const { isInt8 } = loaded.origin
    return {
      name,
      description: description ?? `from the file ${name}`,
      variant,
      labels,
      inputSize,
      parameters,
      isInt8,
    }
  }

  /** Ends the loading of a model, whose call then rejects. */
  async cancelLoading(): Promise<void> {
    this.#loading?.abort()
  }

  async classify(
    image: PageImage,
    { topK = 5, tenView = false }: ClassifyOptions = {},
  ): Promise<Classified> {
    const picture = await this.#picture(image)
    const started = performance.now()
    const top = await this.#model.classify(picture, { topK, views: tenView ? 'ten' : 'center' })
    const milliseconds = performance.now() - started
    return { id: image.id, name: image.name, top, milliseconds }
  }

  /** A picture with the five likeliest classes, as a PNG. */
  async answerCard(
    image: PageImage,
    words: { foot: string; locale: string },
    options?: ClassifyOptions,
  ): Promise<Blob> {
    const { top } = await this.classify(image, options)
    return answerCard(image.blob, top, words)
  }

  /** The layers of the network, from the first to the last. */
  async layers(): Promise<LayerInfo[]> {
    return looking.layersOf(this.#model.network)
  }

  /** What the drawing of the network shows in each layer. */
  async faces(image: PageImage, parts: Part[]): Promise<LayerFace[]> {
    return layerFaces(this.#model.network, await this.#prepared(image), parts)
  }

  async maps(image: PageImage, layer: string, parts: Part[]): Promise<MapSheet> {
    const input = await this.#prepared(image)
    return looking.mapSheet(this.#model.network, input, layer, parts)
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

  /** The sum that a unit is; undefined where its layer is no convolution. */
  async sum(
    image: PageImage,
    layer: string,
    place: { row: number; column: number; channel: number },
    parts: Part[],
  ): Promise<UnitSum | undefined> {
    return unitSum(this.#model.network, await this.#prepared(image), layer, place, parts)
  }

  /** What a unit of a pool takes its value from; undefined where its layer is no pool. */
  async pooled(
    image: PageImage,
    layer: string,
    place: { row: number; column: number; channel: number },
    parts: Part[],
  ): Promise<PoolWindow | undefined> {
    return poolWindow(this.#model.network, await this.#prepared(image), layer, place, parts)
  }

  /** How the logits become shares, those of the chosen class among them. */
  async softmax(
    image: PageImage,
    chosen: number | undefined,
    parts: Part[],
  ): Promise<SoftmaxTerms> {
    const { network } = this.#model
    const last = network.layers.at(-1)!.name
    const input = await this.#prepared(image)
    return softmaxTerms((await featureMapsWithout(network, input, last, parts)).data, chosen)
  }

  async filters(layer: string): Promise<TileSheet> {
    return looking.filterSheet(this.#model.network, layer)
  }

  /** The patches among pictures that excite a channel most. */
  async likedPatches(images: PageImage[], layer: string, channel: number): Promise<LikedPatch[]> {
    const prepare = (image: PageImage) => this.#prepared(image)
    return likes.likedPatches(this.#model, images, prepare, layer, channel)
  }

  /** The pictures that the network finds most alike to one. */
  async alike(image: PageImage, others: PageImage[]): Promise<Alike[]> {
    const prepare = (one: PageImage) => this.#prepared(one)
    return likes.alike(this.#model.network, image, others, prepare)
  }

  /** A picture's features in a layer: its units, or the means of its maps; undefined where it cannot be read. */
  async features(image: PageImage, layer: string): Promise<Float32Array | undefined> {
    return mapFeatures.featuresOf(this.#model, () => this.#prepared(image), layer)
  }

  /** Lets go of the picture at hand. */
  async forget(): Promise<void> {
    this.#decoded = undefined
  }

  /** A picture that a channel likes, grown from noise; ends as well when another model takes the place of this one. */
  async grow(layer: string, channel: number, onGrown: OnGrown): Promise<void> {
    const model = this.#model
    await likes.grow(
      model,
      layer,
      channel,
      async (...grown) => (await onGrown(...grown)) && this.#loaded === model,
    )
  }

  async heat(
    image: PageImage,
    method: HeatMethod,
    target: number,
    onProgress?: OnProgress,
  ): Promise<Pixels> {
    return looking.heat(this.#model, await this.#picture(image), method, target, onProgress)
  }

  async switchOff(image: PageImage, parts: Part[]): Promise<SwitchOffView> {
    return looking.switchedOff(this.#model, await this.#prepared(image), parts)
  }

  /** How far apart two pictures look, where, and to which layer. */
  async compare(first: PageImage, second: PageImage): Promise<ComparisonView> {
    const a = await this.#picture(first)
    return this.#comparer.compare(this.#model, a, await this.#picture(second))
  }

  /** A picture to paint on, no larger than a screen needs; the empty pad where there is none. */
  async toPaintOn(image: PageImage | undefined): Promise<Pixels> {
    return forScreen(await this.#pad(image))
  }

  /** What a painted picture is found to be. */
  async classifyPainted(image: PageImage | undefined, strokes: Stroke[]): Promise<Prediction[]> {
    return this.#model.classify(painted(await this.#pad(image), strokes), { topK: 5 })
  }

  /** How far a painted picture is from the one it was. */
  async paintedDistances(image: PageImage, strokes: Stroke[]): Promise<LayerDistances> {
    const picture = await this.#picture(image)
    return this.#comparer.distances(this.#model, picture, painted(picture, strokes))
  }

  /** A painted picture as a file. */
  async paintedFile(image: PageImage | undefined, strokes: Stroke[]): Promise<Blob> {
    return toFile(painted(await this.#pad(image), strokes))
  }

  /** A picture nudged by `epsilon` / 255 away from a class, the likeliest where none is named. */
  async nudge(image: PageImage, epsilon: number, target?: number): Promise<NudgeView> {
    return (await this.#nudged(image, epsilon, target)).view
  }

  /** How far a nudged picture is from the one it was. */
  async nudgedDistances(image: PageImage, epsilon: number, target?: number) {
    const { before, after } = await this.#nudged(image, epsilon, target)
    return this.#comparer.distances(this.#model, before, after)
  }

  /** A nudged picture as a file, as large as the network gets it. */
  async nudgedFile(image: PageImage, epsilon: number, target?: number): Promise<Blob> {
    return toFile((await this.#nudged(image, epsilon, target)).after)
  }

  /** The picture as the network gets it. */
  async asSeen(image: PageImage): Promise<Pixels> {
    return looking.seen(this.#model, await this.#prepared(image))
  }

  /** A picture as a file no larger than training uses: the file itself where it is small. */
  async shrink({ blob, name }: { blob: Blob; name: string }): Promise<Blob> {
    const picture = await decode(blob, name)
    const small = reduced(picture)
    return small === picture ? blob : toFile(small, 'image/jpeg')
  }

  /** The model's weights as a file. */
  async weightsFile(weights: TakenWeights): Promise<Blob> {
    const { weightsFile } = await import('./take-away.ts')
    return new Blob([await weightsFile(this.#model, weights)])
  }

  /** A page of its own that classifies by the model, in a zip. */
  async pageZip(page: TakenPage): Promise<Blob> {
    const { pageZip } = await import('./take-away.ts')
    return pageZip(this.#model, page)
  }

  /** What the model makes of a frame, and the strongest maps of a layer, which may be none. */
  async live(frame: ImageBitmap, layer: string | undefined, count: number): Promise<LiveView> {
    return this.#live.look(this.#model, frame, layer, count)
  }

  /** A variant as its table, and what it learns. */
  async table(variant: string): Promise<VariantTable> {
    return tableOf(variant)
  }

  /** A drawn picture of each class, as files. */
  async drawShapes(size: number, seed: number): Promise<{ name: string; blob: Blob }[]> {
    const dataset = shapes({ count: 10, size, seed, split: 'test' })
    return Promise.all(
      Array.from({ length: dataset.length }, async (_, index) => ({
        name: `${dataset.classes[dataset.label(index)]}.png`,
        blob: await toFile(await dataset.load(index)),
      })),
    )
  }

  get #model(): Model {
    if (this.#loaded) return this.#loaded
    throw new Error('no model is loaded: choose one at the top of the page')
  }

  async #picture({ id, blob, name }: PageImage): Promise<Picture> {
    if (this.#decoded?.id !== id) this.#decoded = { id, picture: await decode(blob, name) }
    return this.#decoded.picture
  }

  async #pad(image: PageImage | undefined): Promise<Picture> {
    return image ? this.#picture(image) : blank()
  }

  async #nudged(image: PageImage, epsilon: number, target?: number): Promise<Nudged> {
    return nudged(this.#model, await this.#prepared(image), epsilon, target)
  }

  async #prepared(image: PageImage): Promise<Float32Array> {
    return this.#model.prepare(await this.#picture(image))
  }
}
