// A chain of operators as it grows: each reads what the one before gave, and constants. It knows operators and
// shapes, and no layers.

import type { PictureSize } from '../network/layers.ts'
import { elementCount, type StoredTensor } from '../tensor.ts'
import { adaptiveAverages } from '../windows.ts'
import type { TfliteOperator, TfliteTensor } from './encode.ts'
import {
  addOptions,
  castOptions,
  type FusedActivation,
  fullyConnectedOptions,
  multiplyOptions,
  type OperatorOptions,
  type TfliteDType,
  type TfliteOperatorName,
  tensorTypes,
} from './schema.ts'

interface Appended {
  op: TfliteOperatorName
  version?: number
  /** Of what it gives. */
  shape: readonly number[]
  /** Constants that it reads after the current value. */
  others?: readonly number[]
  options?: OperatorOptions
}

/** Of a tensor, in 32 bits with a sign. */
const MOST_ELEMENTS = 2 ** 31 - 1

/** A graph's tensors and operators, in order. */
export class GraphBuilder {
  readonly tensors: TfliteTensor[] = []
  readonly operators: TfliteOperator[] = []
  #current = 0

  /** Place of the value that the next operator reads. */
  get current(): number {
    return this.#current
  }

  get shape(): readonly number[] {
    return this.tensors[this.#current]!.shape
  }

  /** The next current value: the graph's input, or what an operator gives. */
  value(name: string, dtype: TfliteDType, shape: readonly number[]): number {
    if (elementCount(shape) > MOST_ELEMENTS) {
      throw new RangeError(
        `layer ${name}: [${shape.join(', ')}] is more than LiteRT can count: take a smaller batch`,
      )
    }
    this.#current = this.tensors.push({ name, dtype, shape, isBatched: true }) - 1
    return this.#current
  }

  /** The current value under a name by which it is asked for. */
  rename(name: string): void {
    this.tensors[this.#current] = { ...this.tensors[this.#current]!, name }
  }

  /** An operator that reads the current value, and gives the next one. */
  append(name: string, { op, version, shape, others = [], options }: Appended): void {
    const inputs = [this.#current, ...others]
    const outputs = [this.value(name, 'float32', shape)]
    this.operators.push({ op, version, inputs, outputs, options })
  }

  floats(name: string, shape: readonly number[], data: Float32Array): number {
    return this.tensors.push({ name, dtype: 'float32', shape, data }) - 1
  }

  ints(name: string, values: readonly number[], shape = [values.length]): number {
    return this.tensors.push({ name, dtype: 'int32', shape, data: Int32Array.from(values) }) - 1
  }

  /**
   * A weight as its operator reads it: float32 as it is, float16 widened by an operator of its own, int8 with a
   * scale for each output channel.
   */
  weight(name: string, tensor: StoredTensor, scale: StoredTensor | undefined): number {
    const { dtype, shape, data } = tensor
    if (!Object.hasOwn(tensorTypes, dtype) || (dtype === 'int8') !== (scale !== undefined)) {
      throw new RangeError(`the weight ${name} is ${dtype}, and cannot be written for LiteRT`)
    }
    // A channel of zeros has no scale of its own, and runtimes refuse a scale of zero.
    const scales = scale && (scale.data as Float32Array).map((value) => value || 1)
    const place = this.tensors.push({ name, dtype: dtype as TfliteDType, shape, data, scales }) - 1
    if (dtype !== 'float16') return place
    const wide = this.tensors.push({ name: `${name}.float32`, dtype: 'float32', shape }) - 1
    this.operators.push({ op: 'DEQUANTIZE', version: 3, inputs: [place], outputs: [wide] })
    return wide
  }

  cast(name: string): void {
    const options = castOptions(this.tensors[this.#current]!.dtype, 'float32')
    this.append(name, { op: 'CAST', shape: this.shape, options })
  }

  /** By a number, one for each channel, or whatever else spreads over the value. */
  multiply(name: string, shape: readonly number[], factors: Float32Array): void {
    const others = [this.floats(`${name}.factor`, shape, factors)]
    this.append(name, { op: 'MUL', shape: this.shape, others, options: multiplyOptions })
  }

  /** By another value of the chain. */
  multiplyBy(name: string, value: number): void {
    this.append(name, { op: 'MUL', shape: this.shape, others: [value], options: multiplyOptions })
  }

  add(name: string, shape: readonly number[], terms: Float32Array): void {
    const others = [this.floats(`${name}.term`, shape, terms)]
    this.append(name, { op: 'ADD', shape: this.shape, others, options: addOptions })
  }

  /** `shape` without the batch, which is what it is when the graph runs. */
  reshape(name: string, [batch, ...rest]: readonly number[]): void {
    const others = [this.ints(`${name}.shape`, [-1, ...rest])]
    this.append(name, { op: 'RESHAPE', shape: [batch!, ...rest], others })
  }

  transpose(name: string, order: readonly number[]): void {
    const shape = order.map((axis) => this.shape[axis]!)
    this.append(name, { op: 'TRANSPOSE', shape, others: [this.ints(`${name}.order`, order)] })
  }

  fullyConnected(
    name: string,
    units: number,
    weights: number,
    bias: number,
    activation: FusedActivation,
  ): void {
    const isInt8 = this.tensors[weights]!.dtype === 'int8'
    this.append(name, {
      op: 'FULLY_CONNECTED',
      // Twelve knows int8 weights with a scale for each output.
      version: isInt8 ? 12 : 1,
      shape: [this.shape[0]!, units],
      others: [weights, bias],
      options: fullyConnectedOptions(activation, isInt8),
    })
  }

  /** Averages of rectangles of uneven sizes: one matrix over the pixels of each channel. */
  adaptiveAverages(name: string, from: PictureSize, to: PictureSize): void {
    const batch = this.shape[0]!
    const [pixels, averages] = [from.height * from.width, to.height * to.width]
    const rows = adaptiveAverages(from.height, to.height)
    const columns = adaptiveAverages(from.width, to.width)
    const matrix = new Float32Array(averages * pixels)
    for (let at = 0; at < matrix.length; at++) {
      const [average, pixel] = [Math.floor(at / pixels), at % pixels]
      const row = Math.floor(average / to.width) * from.height + Math.floor(pixel / from.width)
      const column = (average % to.width) * from.width + (pixel % from.width)
      matrix[at] = rows[row]! * columns[column]!
    }
    this.transpose(`${name}.channels`, [0, 3, 1, 2])
    this.reshape(`${name}.pixels`, [batch * from.channels, pixels])
    const weights = this.floats(`${name}.matrix`, [averages, pixels], matrix)
    const bias = this.floats(`${name}.zeros`, [averages], new Float32Array(averages))
    this.fullyConnected(`${name}.averages`, averages, weights, bias, 'none')
    this.reshape(`${name}.pictures`, [batch, from.channels, to.height, to.width])
    this.transpose(name, [0, 2, 3, 1])
  }
}
