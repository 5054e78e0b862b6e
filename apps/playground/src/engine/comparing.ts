// Two pictures beside one another: how far apart they look to the network at hand, where, and in which layer.
import { overlay } from '@alexnet/core/explain'
import type { Picture } from '@alexnet/data'
import { Random, resize, transformPicture } from '@alexnet/data/transforms'
import { type Lpips, openLpips } from '@alexnet/lpips'
import type { Model } from '@alexnet/model'
import { reduced, toPixels } from './decode.ts'
import type { ComparisonView, LayerDistances } from './protocol.ts'

export class Comparer {
  #opened: { of: Model; lpips: Lpips } | undefined

  /** The second picture is brought to the first one's size. */
  async compare(model: Model, first: Picture, second: Picture): Promise<ComparisonView> {
    const lpips = await this.#lpips(model)
    const a = atLeast(lpips.smallestSize, reduced(first))
    const b = resized(second, [a.height, a.width])
    const { distance, layers, map } = await lpips.compare(a, b, { spatial: true })
    const largest = map!.data.reduce((most, value) => Math.max(most, value), 0)
    return {
      form: lpips.form,
      distance,
      layers,
      first: toPixels(a),
      second: toPixels(b),
      map: toPixels(overlay(a, map!, { limits: [0, Math.max(largest, Number.EPSILON)] })),
      largest,
      isResized: first.width * second.height !== first.height * second.width,
    }
  }

  /** How far apart two pictures of one size are, layer by layer. */
  async distances(model: Model, first: Picture, second: Picture): Promise<LayerDistances> {
    const lpips = await this.#lpips(model)
    const [a, b] = [first, second].map((one) => atLeast(lpips.smallestSize, reduced(one)))
    const { distance, layers } = await lpips.compare(a!, b!)
    return { form: lpips.form, distance, layers }
  }

  /** Frees what was opened of a model. */
  dispose(): void {
    this.#opened?.lpips.dispose()
    this.#opened = undefined
  }

  async #lpips(of: Model): Promise<Lpips> {
    if (this.#opened?.of !== of) {
      this.dispose()
      // The learned weights are for torchvision's network, and a download; without them it still compares.
      const lpips = await openLpips(of).catch(() => openLpips(of, { linear: false }))
      this.#opened = { of, lpips }
    }
    return this.#opened.lpips
  }
}

const resized = (picture: Picture, size: number | readonly [height: number, width: number]) =>
  transformPicture(resize(size), picture, new Random(0))

/** A picture large enough for the network's last layer. */
const atLeast = (side: number, picture: Picture): Picture =>
  Math.min(picture.width, picture.height) < side ? resized(picture, side) : picture
