// Which rows of each batch are loaded: all, or one part of several. Mixing takes the picture before each (the
// first takes the last), so a part is loaded with as many pictures before it as there are mixings, which are cut
// off once it is mixed; draws follow from the batch's number, so a part is mixed as the whole would be.
import type { Batch } from './batch.ts'
import type { LoaderOptions } from './loader-options.ts'
import type { Output } from './loader-part.ts'

export class Rows {
  readonly #share: LoaderOptions['share']
  readonly #lead: number

  /** @throws RangeError where the share is none, or pictures could be left out of it. */
  constructor({ share, onBroken }: LoaderOptions, mixings: number) {
    this.#share = share
    this.#lead = share ? mixings : 0
    if (!share) return
    const { part, of } = share
    if (!(Number.isInteger(part) && Number.isInteger(of) && part >= 0 && part < of)) {
      throw new RangeError(`loader: share must be a part from 0 of several, not ${part} of ${of}`)
    }
    if (onBroken === 'skip') {
      throw new RangeError(
        "loader: with a share of each batch no picture can be skipped, the others would not know; leave onBroken at 'stop'",
      )
    }
  }

  #range(count: number): { first: number; end: number } {
    if (!this.#share) return { first: 0, end: count }
    const { part, of } = this.#share
    return { first: Math.floor((part * count) / of), end: Math.floor(((part + 1) * count) / of) }
  }

  /** The pictures to load of a batch. */
  of(whole: Int32Array): Int32Array {
    const { first, end } = this.#range(whole.length)
    if (this.#lead === 0 || first === end) return whole.slice(first, end)
    const start = first - this.#lead
    return Int32Array.from({ length: end - start }, (_, at) => {
      const row = (start + at) % whole.length
      return whole[row < 0 ? row + whole.length : row]!
    })
  }

  /** The batch of a part that has no picture, which is one all the same; else undefined. */
  none(index: number, count: number): Batch<Output> | undefined {
    const { first, end } = this.#range(count)
    if (!this.#share || first !== end) return undefined
    const none = new Int32Array(0)
    const images = new Float32Array(0)
    const part = { first, of: count }
    return { index, images, shape: [0, 0, 0, 3], labels: none, indices: none, part }
  }

  /** A mixed batch without the pictures that were only there to be mixed in, its place in the whole told. */
  cut<O extends Output, B extends Batch<O>>(batch: B, count: number): B {
    if (!this.#share) return batch
    const part = { first: this.#range(count).first, of: count }
    const lead = Math.min(this.#lead, batch.shape[0])
    if (lead === 0) return { ...batch, part }
    const [rows, height, width, channels] = batch.shape
    const { otherLabels, share } = batch as { otherLabels?: Int32Array; share?: Float32Array }
    return {
      ...batch,
      part,
      images: batch.images.subarray(lead * height * width * channels) as O,
      shape: [rows - lead, height, width, channels],
      labels: batch.labels.subarray(lead),
      indices: batch.indices.subarray(lead),
      ...(otherLabels && { otherLabels: otherLabels.subarray(lead) }),
      ...(share && { share: share.subarray(lead) }),
    }
  }
}
