// What the server computes: a model and what compares pictures, each kind of work joined into batches, one batch at a
// time. Results are those of the commands.

import { encodePng, type Picture } from '@alexnet/data'
import type { ComparedPictures, Lpips } from '@alexnet/lpips'
import type { ExplainMethod, Features, Model, Prediction } from '@alexnet/model'
import { Batcher, type BatchLimits, Lock } from './batcher.ts'
import { Problem } from './problem.ts'

export interface ExplainRequest {
  picture: Picture
  method: ExplainMethod
  target?: string
  layer?: string
}

/** A pair of one size. */
export type PicturePair = readonly [Picture, Picture]

export class ServeEngine {
  readonly model: Model
  readonly lpips: Lpips
  readonly #limits: BatchLimits
  readonly #onBatch: (kind: string, size: number, seconds: number) => void
  readonly #lock = new Lock()
  readonly #batchers = new Map<string, Batcher<never, unknown>>()

  /** @param onBatch told of each batch that was computed */
  constructor(
    model: Model,
    lpips: Lpips,
    limits: BatchLimits,
    onBatch: (kind: string, size: number, seconds: number) => void = () => {},
  ) {
    this.model = model
    this.lpips = lpips
    this.#limits = limits
    this.#onBatch = onBatch
  }

  /** Every class of a picture, likeliest first. */
  classify(picture: Picture, views: 'center' | 'ten'): Promise<Prediction[]> {
    const { model } = this
    return this.#batched('classify', views, picture, (pictures) =>
      model.classify(pictures, { views, topK: model.labels.length, batchSize: pictures.length }),
    )
  }

  features(picture: Picture, layer: string): Promise<Features> {
    return this.#batched('features', layer, picture, (pictures) =>
      this.model.features(pictures, { layer, batchSize: pictures.length }),
    )
  }

  compare(pair: PicturePair): Promise<ComparedPictures> {
    return this.#batched('compare', '', pair, (pairs) => {
      const [a, b] = [0, 1].map((side) => pairs.map((both) => both[side]!))
      return this.lpips.compare(a!, b!, { batchSize: this.#limits.maxBatch })
    })
  }

  /** A PNG: the map over the picture. */
  explain({ picture, method, target, layer }: ExplainRequest): Promise<Uint8Array> {
    return this.#lock.run(async () => {
      const from = performance.now()
      const found = await this.model.explain(picture, { method, target, layer })
      this.#onBatch('explain', 1, (performance.now() - from) / 1000)
      return encodePng(found.picture)
    })
  }

  #batched<T, R>(
    kind: string,
    variant: string,
    item: T,
    compute: (items: T[]) => Promise<R[]>,
  ): Promise<R> {
    const key = `${kind} ${variant}`
    let batcher = this.#batchers.get(key) as Batcher<T, R> | undefined
    if (!batcher) {
      const timed = async (items: T[]) => {
        const from = performance.now()
        const results = await compute(items)
        this.#onBatch(kind, items.length, (performance.now() - from) / 1000)
        return results
      }
      batcher = new Batcher(timed, this.#limits, this.#lock)
      this.#batchers.set(key, batcher as unknown as Batcher<never, unknown>)
    }
    return batcher.add(item)
  }

  /** The layer that was named, one of the model's. @throws Problem 422 with the names there are */
  requireLayer(layer: string): string {
    if (this.model.layerNames.includes(layer)) return layer
    throw new Problem(
      422,
      `there is no layer '${layer}': there are ${this.model.layerNames.join(', ')}`,
    )
  }

  dispose(): void {
    this.lpips.dispose()
    this.model.dispose()
  }
}
