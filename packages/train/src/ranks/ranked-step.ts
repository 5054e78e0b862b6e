// A training step that several processes make together. Each has the gradients of its part of the batch; their sum
// is exchanged in pieces, in the order in which the backward pass gives them, each piece as soon as it is
// whole, while the pass goes on. Sums are in the order of the ranks, so n ranks give the bits of one process that
// adds up n parts of the batch (`microBatch`).

import { modelWeights } from '@alexnet/core'
import type { Communicator, Wire } from '@alexnet/distributed'
import * as tf from '@tensorflow/tfjs'
import type { StepResult } from '../step-types.ts'
import type { Hybrid } from './hybrid.ts'

export interface RanksOptions {
  communicator: Communicator
  /**
   * Who has which weights: `data`, all have all; `hybrid`, fully connected layers are split by columns.
   * Default 'data'.
   */
  parallel?: 'data' | 'hybrid'
  /** How gradients travel. Default 'float32'. */
  wire?: Wire
  /**
   * Begins to exchange gradients while the backward pass goes on, which reads each at once: only for backends
   * that can read synchronously. Default false.
   */
  overlap?: boolean
}

/** Numbers of a piece: 4 MB, large beside what a message costs, small beside the whole. */
const PIECE = 2 ** 20

/** Where a weight's gradient lies among all. */
interface Place {
  readonly start: number
  readonly length: number
}

export class RankedStep {
  readonly communicator: Communicator
  readonly hybrid: Hybrid | undefined
  readonly #wire: Wire
  readonly #overlap: boolean
  #key = ''
  #places = new Map<string, Place>()
  #flat: Float32Array = new Float32Array(0)
  /** Numbers whose gradient is there, from the first on without a gap; numbers sent. */
  #whole = 0
  #sent = 0
  #have = new Set<string>()
  #order: string[] = []
  #underWay: Promise<void>[] = []

  constructor({ communicator, wire = 'float32', overlap = false }: RanksOptions, hybrid?: Hybrid) {
    this.communicator = communicator
    this.hybrid = hybrid
    this.#wire = wire
    this.#overlap = overlap
  }

  /** Runs a forward pass so that the backward pass hands over each weight's gradient when it has it. */
  watch<T>(model: tf.LayersModel, weights: ReadonlyMap<string, tf.Variable>, forward: () => T): T {
    if (!this.#overlap) return forward()
    this.#begin(weights)
    const watched = modelWeights(model).filter(({ name }) => this.#places.has(name))
    const reads = watched.map(({ name, variable }) => {
      const { read } = variable
      variable.read = () => this.#watched(name, read.call(variable))
      return () => {
        variable.read = read
      }
    })
    try {
      return forward()
    } finally {
      for (const restore of reads) restore()
    }
  }

  /** The weight itself, whose gradient is noted as it passes. */
  #watched(name: string, weight: tf.Tensor): tf.Tensor {
    return tf.customGrad((x) => ({
      value: tf.clone(x as tf.Tensor),
      gradFunc: (gradient: tf.Tensor) => {
        this.#put(name, gradient.dataSync() as Float32Array)
        return gradient
      },
    }))(weight)
  }

  /** Lays the gradients out, the last layer's first: that is how the backward pass comes by them. */
  #begin(weights: ReadonlyMap<string, tf.Variable>): void {
    const shared = [...weights].filter(([name]) => !this.hybrid?.owns(name)).reverse()
    const key = shared.map(([name]) => name).join()
    if (key !== this.#key) {
      this.#key = key
      this.#places = new Map()
      let start = 0
      for (const [name, { size }] of shared) {
        this.#places.set(name, { start, length: size })
        start += size
      }
      this.#order = [...this.#places.keys()]
      this.#flat = this.communicator.allocate(start)
    }
    this.#whole = 0
    this.#sent = 0
    this.#have.clear()
    this.#underWay = []
  }

  /** Takes a gradient, and sends what is whole up to here. */
  #put(name: string, gradient: Float32Array | undefined): void {
    const { start, length } = this.#places.get(name)!
    if (gradient) this.#flat.set(gradient, start)
    else this.#flat.fill(0, start, start + length)
    this.#have.add(name)
    while (this.#have.has(this.#order[this.#whole]!)) this.#whole++
    const last = this.#order[this.#whole - 1]
    const end =
      last === undefined ? 0 : this.#places.get(last)!.start + this.#places.get(last)!.length
    const isAll = this.#whole === this.#order.length
    while (this.#sent < end && (isAll || end - this.#sent >= PIECE)) {
      const piece = this.#flat.subarray(this.#sent, Math.min(end, this.#sent + PIECE))
      this.#sent += piece.length
      this.#underWay.push(this.communicator.allReduce(piece, { wire: this.#wire }))
    }
  }

  /**
   * The gradients of the whole batch; `local` is disposed of. Figures in `result` become those of the whole.
   *
   * @param local by the variables' own names; without entries where this process had no pictures
   */
  async sum(
    weights: ReadonlyMap<string, tf.Variable>,
    local: tf.NamedTensorMap,
    result: StepResult,
  ): Promise<tf.NamedTensorMap> {
    if (this.#have.size === 0) this.#begin(weights)
    for (const name of this.#order) {
      if (this.#have.has(name)) continue
      const gradient = local[weights.get(name)!.name]
      this.#put(name, gradient && ((await gradient.data()) as Float32Array))
    }
    const figures = this.#sumFigures(result)
    await Promise.all(this.#underWay)
    await figures
    const sums: tf.NamedTensorMap = {}
    for (const [name, variable] of weights) {
      const place = this.#places.get(name)
      if (place) {
        local[variable.name]?.dispose()
        const numbers = this.#flat.subarray(place.start, place.start + place.length)
        sums[variable.name] = tf.tensor(numbers, variable.shape, 'float32')
      } else {
        sums[variable.name] = local[variable.name]!
      }
    }
    this.#have.clear()
    return sums
  }

  async #sumFigures(result: StepResult): Promise<void> {
    const own = Float64Array.of(result.loss, result.top1, result.top5, Number(result.stop))
    const all = await this.communicator.allGather(new Uint8Array(own.buffer))
    // With hybrid, every rank has seen the whole batch.
    const isWhole = this.hybrid !== undefined
    const sum = { loss: 0, top1: 0, top5: 0, stop: 0 }
    for (const bytes of all) {
      const [loss, top1, top5, stop] = new Float64Array(bytes.slice().buffer)
      sum.loss += loss!
      sum.top1 += top1!
      sum.top5 += top5!
      sum.stop += stop!
    }
    if (!isWhole) Object.assign(result, { loss: sum.loss, top1: sum.top1, top5: sum.top5 })
    result.stop = sum.stop > 0
  }
}
