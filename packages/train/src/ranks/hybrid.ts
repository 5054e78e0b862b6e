// Krizhevsky's "One weird trick for parallelizing convolutional neural networks" (2014): convolutions have few
// weights and much to compute, so each process has them all and a part of the batch; fully connected layers have
// nearly all weights and little to compute, so each process has some of their columns and sees the whole batch.
// Between the two, and between fully connected layers, activations travel in place of those layers' gradients.
// The two columns of the 2012 network (`groups: 2`, one to a GPU) are the same idea with two ranks.

import { modelWeights } from '@alexnet/core'
import { Dropout, setTrainingStep } from '@alexnet/core/layers'
import { type Communicator, rangeOf } from '@alexnet/distributed'
import * as tf from '@tensorflow/tfjs'
import { pictureTensor, type TrainingBatch, targetsOf } from '../batch.ts'
import { crossEntropy } from '../loss.ts'
import { countRight } from '../metrics.ts'
import type { StepBatch, StepOptions, StepResult } from '../step-types.ts'

type Slots = ReadonlyMap<string, ReadonlyMap<string, tf.Tensor>>

/** A fully connected layer and this rank's columns of it. */
interface Split {
  readonly kernel: tf.Variable
  readonly bias: tf.Variable | undefined
  readonly isLast: boolean
}

/** Runs a forward pass and sees the gradients of its weights, as a `RankedStep` does. */
interface Watcher {
  watch<T>(model: tf.LayersModel, weights: ReadonlyMap<string, tf.Variable>, forward: () => T): T
}

export class Hybrid {
  readonly #communicator: Communicator
  readonly #model: tf.LayersModel
  /** By the layer's name. */
  readonly #splits = new Map<string, Split>()
  /** By the weight's name; the model's own variables hold all columns, up to date after `gatherInto`. */
  readonly #columns = new Map<string, { own: tf.Variable; whole: tf.Variable }>()

  /** @throws RangeError when the model has no fully connected layer after its convolutions, or too few columns */
  constructor(model: tf.LayersModel, communicator: Communicator) {
    this.#model = model
    this.#communicator = communicator
    const { size } = communicator
    const weights = modelWeights(model)
    const names = [
      ...new Set(weights.filter(({ shape }) => shape.length === 2).map((w) => w.layer)),
    ]
    if (names.length === 0 || !model.layers.some((layer) => layer.getClassName() === 'Flatten')) {
      throw new RangeError('hybrid needs fully connected layers to split: train with data parallel')
    }
    for (const layer of names) {
      const own = weights.filter((weight) => weight.layer === layer)
      const outputs = own[0]!.variable.shape.at(-1)!
      if (outputs < size) {
        throw new RangeError(
          `hybrid: ${layer} has ${outputs} outputs, fewer than the ${size} ranks: train with data parallel`,
        )
      }
      const [kernel, bias] = own.map(({ name, variable }) => {
        const whole = variable.read() as tf.Variable
        const column = tf.variable(this.#columnsOf(whole), variable.trainable)
        this.#columns.set(name, { own: column, whole })
        return column
      })
      this.#splits.set(layer, { kernel: kernel!, bias, isLast: layer === names.at(-1) })
    }
  }

  /** Whether this rank has columns of a weight that no other has. */
  owns(name: string): boolean {
    return this.#columns.has(name)
  }

  /** The weights that this rank trains: the model's own, columns in the places of split ones. */
  trained(weights: ReadonlyMap<string, tf.Variable>): Map<string, tf.Variable> {
    return new Map(
      [...weights].map(([name, weight]) => [name, this.#columns.get(name)?.own ?? weight]),
    )
  }

  /** This rank's columns of a tensor whose last axis is split. */
  #columnsOf(whole: tf.Tensor): tf.Tensor {
    const outputs = whole.shape.at(-1)!
    const { start, end } = rangeOf(outputs, this.#communicator.rank, this.#communicator.size)
    const begin = whole.shape.map((_, axis) => (axis === whole.rank - 1 ? start : 0))
    const size = whole.shape.map((length, axis) => (axis === whole.rank - 1 ? end - start : length))
    return tf.slice(whole, begin, size)
  }

  /** Takes this rank's columns from the model's weights, after those were loaded. */
  split(): void {
    for (const { own, whole } of this.#columns.values()) {
      tf.tidy(() => own.assign(this.#columnsOf(whole) as never))
    }
  }

  /** Columns of what the optimiser keeps for split weights, from whole ones; the caller disposes of them. */
  splitSlots(slots: Slots): Map<string, Map<string, tf.Tensor>> {
    const columns = (name: string, tensor: tf.Tensor) =>
      this.owns(name) ? this.#columnsOf(tensor) : tf.clone(tensor)
    return new Map(
      [...slots].map(([slot, tensors]) => [
        slot,
        new Map([...tensors].map(([name, tensor]) => [name, columns(name, tensor)])),
      ]),
    )
  }

  /** What the optimisers of all ranks keep for split weights, whole; the caller disposes of it. */
  async gatherSlots(slots: Slots): Promise<Map<string, Map<string, tf.Tensor>>> {
    const gathered = new Map<string, Map<string, tf.Tensor>>()
    for (const [slot, tensors] of slots) {
      const whole = new Map<string, tf.Tensor>()
      gathered.set(slot, whole)
      for (const [name, tensor] of tensors) {
        whole.set(name, this.owns(name) ? await this.#gather(tensor, name) : tf.clone(tensor))
      }
    }
    return gathered
  }

  /** Brings the model's own weights up to date: every rank's columns. All ranks must call it. */
  async gatherWeights(): Promise<void> {
    for (const [name, { own, whole }] of this.#columns) {
      const gathered = await this.#gather(own, name)
      whole.assign(gathered as never)
      gathered.dispose()
    }
  }

  async #gather(columns: tf.Tensor, name: string): Promise<tf.Tensor> {
    const shape = this.#columns.get(name)!.whole.shape
    const own = (await columns.data()) as Float32Array
    const parts = await this.#communicator.allGather(
      new Uint8Array(own.buffer, own.byteOffset, own.byteLength),
    )
    const numbers = parts.map((bytes) => new Float32Array(bytes.slice().buffer))
    const outputs = shape.at(-1)!
    return tf.tensor(joinColumns(numbers, tf.util.sizeFromShape(shape) / outputs, outputs), shape)
  }

  /** The gradients of a step: of convolutions those of this rank's pictures, of columns those of all. */
  async gradients(
    weights: ReadonlyMap<string, tf.Variable>,
    { batch, step, ...options }: StepOptions & StepBatch,
    ranks: Watcher,
    result: StepResult,
  ): Promise<tf.NamedTensorMap> {
    const { first, of } = batch.part ?? { first: 0, of: batch.labels.length }
    if (of < this.#communicator.size) {
      throw new RangeError(
        `hybrid: a batch of ${of} pictures is smaller than the ${this.#communicator.size} ranks: choose another batch size, or train with data parallel`,
      )
    }
    const all = await this.#labelsOfAll(batch)
    setTrainingStep(this.#model, step, first)
    const images = pictureTensor(batch)
    let logits: tf.Tensor2D | undefined
    const forward = () => this.#forward(images, step, of)
    const { value, grads } = tf.variableGrads(() => {
      logits = tf.keep(ranks.watch(this.#model, weights, forward)) as tf.Tensor2D
      return crossEntropy(logits, targetsOf(all, logits.shape[1]), options.labelSmoothing ?? 0)
    }, [...weights.values()])
    result.loss = (await value.data())[0]!
    Object.assign(result, countRight(await logits!.data(), all.labels))
    tf.dispose([images, value, logits!])
    return grads
  }

  #forward(images: tf.Tensor, step: number, pictures: number): tf.Tensor {
    let x: tf.Tensor = images
    for (const layer of this.#model.layers) {
      if (layer.getClassName() === 'InputLayer') continue
      const split = this.#splits.get(layer.name)
      if (split) x = this.#linear(x, split, (layer as tf.layers.Layer).countParams())
      else {
        x = layer.apply(x, { training: true }) as tf.Tensor
        if (layer.getClassName() === 'Flatten') {
          x = this.#gatherRows(x, pictures)
          // From here on every rank sees all rows.
          for (const after of this.#model.layers) {
            if (after instanceof Dropout && isAfter(this.#model, after, layer)) {
              after.setTrainingStep(step, 0)
            }
          }
        }
      }
    }
    return x
  }

  #linear(x: tf.Tensor, { kernel, bias, isLast }: Split, parameters: number): tf.Tensor {
    const product = tf.matMul(x as tf.Tensor2D, kernel as unknown as tf.Tensor2D)
    const outputs = parameters / (x.shape[1]! + (bias ? 1 : 0))
    return this.#gatherColumns(bias ? tf.add(product, bias) : product, outputs, isLast)
  }

  /** [own rows, n] → [all rows, n]; its gradient adds up what every rank has for this one's rows. */
  #gatherRows(x: tf.Tensor, rows: number): tf.Tensor {
    const { rank, size } = this.#communicator
    const width = x.shape[1]!
    const rowsOf = (array: Float32Array, of: number) => {
      const { start, end } = rangeOf(rows, of, size)
      return array.subarray(start * width, end * width)
    }
    return tf.customGrad((input) => {
      const own = (input as tf.Tensor).dataSync() as Float32Array
      const whole = this.#communicator.allocate(rows * width)
      this.#communicator.exchangeSync(
        this.#each(this.#shared(own)),
        this.#parts((of) => rowsOf(whole, of)),
      )
      const gradFunc = (gradient: tf.Tensor) => {
        const numbers = this.#shared(gradient.dataSync() as Float32Array)
        const mine = rowsOf(numbers, rank).length
        const sum = this.#sumOf((of) => rowsOf(numbers, of), mine)
        return tf.tensor2d(sum, [mine / width, width])
      }
      return { value: tf.tensor2d(whole, [rows, width]), gradFunc }
    })(x)
  }

  /** [rows, own columns] → [rows, all columns]; its gradient adds up what every rank has for these columns. */
  #gatherColumns(x: tf.Tensor, outputs: number, isLast: boolean): tf.Tensor {
    const { size } = this.#communicator
    const [rows, width] = x.shape as [number, number]
    return tf.customGrad((input) => {
      const own = this.#shared((input as tf.Tensor).dataSync() as Float32Array)
      const parts = this.#parts((of) => {
        const { start, end } = rangeOf(outputs, of, size)
        return this.#communicator.allocate(rows * (end - start))
      })
      this.#communicator.exchangeSync(this.#each(own), parts)
      const gradFunc = (gradient: tf.Tensor) => {
        // After the last layer every rank computes the same loss of all: the gradient is whole already.
        if (isLast) return this.#columnsOf(gradient)
        const numbers = gradient.dataSync() as Float32Array
        const columns = (of: number) =>
          this.#shared(cutColumns(numbers, rows, outputs, rangeOf(outputs, of, size)))
        return tf.tensor2d(this.#sumOf(columns, rows * width), [rows, width])
      }
      return { value: tf.tensor2d(joinColumns(parts, rows, outputs), [rows, outputs]), gradFunc }
    })(x)
  }

  #parts = <T>(make: (of: number) => T): T[] =>
    Array.from({ length: this.#communicator.size }, (_, of) => make(of))
  #each = (array: Float32Array): Float32Array[] => this.#parts(() => array)

  #shared(numbers: Float32Array): Float32Array {
    const shared = this.#communicator.allocate(numbers.length)
    shared.set(numbers)
    return shared
  }

  /** The sum, in the order of the ranks, of what each has for this one. */
  #sumOf(outgoing: (of: number) => Float32Array, length: number): Float32Array {
    const incoming = this.#parts(() => this.#communicator.allocate(length))
    this.#communicator.exchangeSync(this.#parts(outgoing), incoming)
    const sum = incoming[0]!
    for (const added of incoming.slice(1)) {
      for (let at = 0; at < length; at++) sum[at] = sum[at]! + added[at]!
    }
    return sum
  }

  async #labelsOfAll({ labels, otherLabels, share }: TrainingBatch): Promise<TrainingBatch> {
    const own = {
      labels: [...labels],
      other: otherLabels && [...otherLabels],
      share: share && [...share],
    }
    const all = await this.#communicator.allGather(new TextEncoder().encode(JSON.stringify(own)))
    const read = all.map((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as typeof own)
    return {
      images: new Float32Array(0),
      shape: [0, 0, 0, 3],
      labels: Int32Array.from(read.flatMap((one) => one.labels)),
      ...(otherLabels && { otherLabels: Int32Array.from(read.flatMap((one) => one.other!)) }),
      ...(share && { share: Float32Array.from(read.flatMap((one) => one.share!)) }),
    }
  }

  /** Frees the columns. */
  dispose(): void {
    for (const { own } of this.#columns.values()) own.dispose()
  }
}

const isAfter = (model: tf.LayersModel, layer: tf.layers.Layer, other: tf.layers.Layer) =>
  model.layers.indexOf(layer) > model.layers.indexOf(other)

function cutColumns(
  whole: Float32Array,
  rows: number,
  outputs: number,
  { start, end }: { start: number; end: number },
): Float32Array {
  const columns = new Float32Array(rows * (end - start))
  for (let row = 0; row < rows; row++) {
    columns.set(whole.subarray(row * outputs + start, row * outputs + end), row * (end - start))
  }
  return columns
}

/** Side by side: each part's columns in the order of the ranks. */
function joinColumns(parts: readonly Float32Array[], rows: number, outputs: number): Float32Array {
  const whole = new Float32Array(rows * outputs)
  let start = 0
  for (const part of parts) {
    const width = part.length / rows
    for (let row = 0; row < rows; row++) {
      whole.set(part.subarray(row * width, (row + 1) * width), row * outputs + start)
    }
    start += width
  }
  return whole
}
