// Weights by PyTorch's names and in PyTorch's layouts, in and out of a model.
//
// A layer is called as its PyTorch module is, so `features.0.weight` is layer `features.0`'s
// kernel. The layouts differ: PyTorch keeps a filter as [out, in / groups, height, width],
// TensorFlow.js as [height, width, in / groups, out]; a linear layer as [out, in] and [in, out].
// The first linear layer after the flattening also sees its inputs in another order, since PyTorch
// flattens channel by channel and TensorFlow.js pixel by pixel. All of it is one permutation: a
// matrix of rows (height, width, channel) by outputs, transposed, with the rows' channels moved to
// the front.
import * as tf from '@tensorflow/tfjs'
import { OptionError, type ShapeMismatch, show, suggestion, WeightsError } from './errors.ts'

/** A tensor in PyTorch's layout. */
export interface ExportedWeight {
  dtype: 'float32'
  shape: number[]
  data: Float32Array
}

/** A tensor as checkpoint readers give it; numbers of any dtype become float32. */
export interface TensorLike {
  dtype: string
  shape: readonly number[]
  /** Row-major; 64-bit integers are rounded to what float32 holds, as every number is. */
  data: ArrayLike<number> | ArrayLike<bigint>
}

/** A tensor that is still in its file, as `openCheckpoint` of `@alexnet/weights` gives it. */
export interface LazyTensorLike {
  dtype: string
  shape: readonly number[]
  /** Reads the numbers, row-major. */
  load(): Promise<ArrayLike<number> | ArrayLike<bigint>>
  /** Reads `count` indices of the first axis from `first` on, where the file lies so. */
  loadRows?(first: number, count: number): Promise<ArrayLike<number> | ArrayLike<bigint>>
}

/** One weight of a model, and how it goes to PyTorch's layout and back. */
export interface ModelWeight {
  /** PyTorch's name, `features.0.weight`. */
  name: string
  /** Name of its layer, `features.0`. */
  layer: string
  /** TensorFlow.js's variable, whose `originalName` is `features.0/kernel`. */
  variable: tf.LayerVariable
  /** Shape in PyTorch's layout. */
  shape: number[]
  /**
   * Values of the weight's shape (the weight itself, or an optimiser's state), in PyTorch's layout.
   */
  toPyTorch(values: ArrayLike<number>): Float32Array
  /** The inverse of `toPyTorch`. */
  fromPyTorch(values: ArrayLike<number>): Float32Array
  /**
   * The inverse of `toPyTorch` for some indices of the first axis: puts them where they belong in `target`,
   * which has the variable's layout.
   */
  placeRows(values: ArrayLike<number>, first: number, target: Float32Array): void
}

/** Every weight of a model, in the order of its layers. */
export function modelWeights(model: tf.LayersModel): ModelWeight[] {
  const weights: ModelWeight[] = []
  let flattened: tf.Shape | undefined
  for (const layer of model.layers) {
    if (layer.getClassName() === 'Flatten')
      flattened = (layer.getInputAt(0) as tf.SymbolicTensor).shape
    for (const variable of layer.weights) {
      weights.push(describeWeight(layer.name, variable, flattened))
      // The next linear layer reads this one's outputs, which are a plain vector.
      if (variable.shape.length === 2) flattened = undefined
    }
  }
  return weights
}

function describeWeight(
  layer: string,
  variable: tf.LayerVariable,
  flattened: tf.Shape | undefined,
): ModelWeight {
  const ownName = variable.originalName.split('/').at(-1)!
  const weight = { name: `${layer}.${ownName === 'kernel' ? 'weight' : ownName}`, layer, variable }
  const shape = variable.shape as number[]
  if (ownName === 'kernel' && (shape.length === 4 || shape.length === 2)) {
    const [pixels, channels, outputs] =
      shape.length === 4
        ? [shape[0]! * shape[1]!, shape[2]!, shape[3]!]
        : [flattened ? flattened[1]! * flattened[2]! : 1, flattened?.[3] ?? shape[0]!, shape[1]!]
    const size = { pixels, channels, outputs }
    const numbers = elementCount(shape)
    const permute = (values: ArrayLike<number>, isToPyTorch: boolean) => {
      const target = new Float32Array(numbers)
      permuteRows(checked(weight.name, values, shape), target, size, isToPyTorch)
      return target
    }
    return {
      ...weight,
      shape: shape.length === 4 ? [outputs, channels, shape[0]!, shape[1]!] : [outputs, shape[0]!],
      toPyTorch: (values) => permute(values, true),
      fromPyTorch: (values) => permute(values, false),
      placeRows: (values, first, target) => permuteRows(values, target, size, false, first),
    }
  }
  const copy = (values: ArrayLike<number>) => Float32Array.from(checked(weight.name, values, shape))
  const row = elementCount(shape.slice(1))
  return {
    ...weight,
    shape: [...shape],
    toPyTorch: copy,
    fromPyTorch: copy,
    placeRows: (values, first, target) => target.set(values, first * row),
  }
}

function checked(name: string, values: ArrayLike<number>, shape: number[]): ArrayLike<number> {
  const count = elementCount(shape)
  if (values.length === count) return values
  throw new OptionError(`${name} has ${count} numbers, found ${values.length}`)
}

/**
 * `[pixel, channel, output]` to `[output, channel, pixel]`, or back; of the latter, `values` may be some
 * outputs from `first` on.
 */
function permuteRows(
  values: ArrayLike<number>,
  target: Float32Array,
  { pixels, channels, outputs }: { pixels: number; channels: number; outputs: number },
  isToPyTorch: boolean,
  first = 0,
): void {
  const source = values instanceof Float32Array ? values : Float32Array.from(values)
  const rows = pixels * channels
  const last = isToPyTorch ? outputs : first + source.length / rows
  const place = Int32Array.from({ length: rows }, (_, row) => {
    const channel = row % channels
    return channel * pixels + (row - channel) / channels
  })
  // In tiles, since one side of a transposition always jumps through memory.
  const tile = 32
  for (let firstOutput = first; firstOutput < last; firstOutput += tile) {
    const lastOutput = Math.min(firstOutput + tile, last)
    for (let firstRow = 0; firstRow < rows; firstRow += tile) {
      const lastRow = Math.min(firstRow + tile, rows)
      for (let row = firstRow; row < lastRow; row++) {
        const here = row * outputs
        const there = place[row]!
        if (isToPyTorch) {
          for (let output = firstOutput; output < lastOutput; output++) {
            target[output * rows + there] = source[here + output]!
          }
        } else {
          for (let output = firstOutput; output < lastOutput; output++) {
            target[here + output] = source[(output - first) * rows + there]!
          }
        }
      }
    }
  }
}

/**
 * `values`, which have the shape of the model's weight `name` (`features.0.weight`), in PyTorch's
 * layout: for an optimiser's state, which is kept beside the weights. OptionError for an unknown
 * name.
 */
export function toPyTorchLayout(
  model: tf.LayersModel,
  name: string,
  values: ArrayLike<number>,
): Float32Array {
  return findWeight(model, name).toPyTorch(values)
}

/** The inverse of `toPyTorchLayout`. */
export function fromPyTorchLayout(
  model: tf.LayersModel,
  name: string,
  values: ArrayLike<number>,
): Float32Array {
  return findWeight(model, name).fromPyTorch(values)
}

function findWeight(model: tf.LayersModel, name: string): ModelWeight {
  const weights = modelWeights(model)
  const weight = weights.find((candidate) => candidate.name === name)
  if (weight) return weight
  const names = weights.map((candidate) => candidate.name)
  throw new OptionError(`the model has no weight ${show(name)}: ${suggestion(name, names)}`)
}

/** Copies of all weights by PyTorch's names, in PyTorch's layouts. */
export async function exportWeights(model: tf.LayersModel): Promise<Map<string, ExportedWeight>> {
  const tensors = new Map<string, ExportedWeight>()
  for (const weight of modelWeights(model)) {
    const data = weight.toPyTorch((await weight.variable.read().data()) as Float32Array)
    tensors.set(weight.name, { dtype: 'float32', shape: weight.shape, data })
  }
  return tensors
}

/** How strictly `loadWeights` takes what does not fit. */
export interface LoadOptions {
  /**
   * False keeps weights that are missing as they are, and passes over unexpected tensors. Default
   * true.
   */
  strict?: boolean
  /**
   * True leaves the last linear layer as it is, whatever is given for it: for other classes.
   * Default false.
   */
  ignoreHead?: boolean
}

/** What `loadWeights` did, by PyTorch's names. */
export interface LoadReport {
  /** Weights that got the given values. */
  loaded: string[]
  /** Weights that were not given and stay as they were. */
  missing: string[]
  /** Tensors that the model does not have. */
  unexpected: string[]
  /** Weights of the head, left alone on request. */
  skipped: string[]
}

/**
 * Sets a model's weights from tensors with PyTorch's names and layouts. All or none: when tensors
 * are missing, unexpected (both allowed with `strict: false`) or of another shape, WeightsError
 * lists every one.
 */
export function loadWeights(
  model: tf.LayersModel,
  tensors: ReadonlyMap<string, TensorLike>,
  options: LoadOptions = {},
): LoadReport {
  const { given, report } = matchWeights(model, tensors, options)
  for (const weight of given) {
    setValues(weight, weight.fromPyTorch(asNumbers(tensors.get(weight.name)!.data)))
  }
  return report
}

/**
 * As `loadWeights`, from tensors that are read one after the other: memory holds the model and one
 * tensor, never the whole file. Nothing is read and nothing changes unless all names and shapes fit;
 * when reading fails later (a disk, a network), some weights are set and the model is of no use.
 *
 * @throws WeightsError as `loadWeights`; Error when a weight is not a finite number: whatever a network computes with
 *   it is none either
 */
export async function loadLazyWeights(
  model: tf.LayersModel,
  tensors: ReadonlyMap<string, LazyTensorLike>,
  options: LoadOptions = {},
): Promise<LoadReport> {
  const { given, report } = matchWeights(model, tensors, options)
  for (const weight of given) setValues(weight, await readWeight(weight, tensors.get(weight.name)!))
  return report
}

/** Bytes of a tensor that are read at a time. */
const PIECE = 32 * 1024 * 1024

/** A weight's values in the variable's layout, read in pieces where that can be. */
async function readWeight(weight: ModelWeight, tensor: LazyTensorLike): Promise<Float32Array> {
  const target = new Float32Array(elementCount(weight.shape))
  const rows = weight.shape[0]!
  const perRow = target.length / rows
  const step = tensor.loadRows ? Math.max(1, Math.floor(PIECE / (4 * perRow))) : rows
  for (let first = 0; first < rows; first += step) {
    const count = Math.min(step, rows - first)
    const values = await (tensor.loadRows?.(first, count) ?? tensor.load())
    if (values.length !== count * perRow) {
      throw new Error(`${weight.name}: ${values.length} numbers were read, not ${count * perRow}`)
    }
    weight.placeRows(asNumbers(values), first, target)
  }
  requireFinite(weight.name, target)
  return target
}

/** All bits of a float32's exponent, which are set in not-a-numbers and infinities alone. */
const EXPONENT = 0x7f800000

function requireFinite(name: string, values: Float32Array): void {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length)
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i]! & EXPONENT) !== EXPONENT) continue
    throw new Error(
      `${name} has the value ${values[i]}: these weights are broken, take a file from before that`,
    )
  }
}

function asNumbers(values: ArrayLike<number> | ArrayLike<bigint>): ArrayLike<number> {
  return typeof values[0] === 'bigint' ? Array.from(values, Number) : (values as ArrayLike<number>)
}

function setValues({ variable }: ModelWeight, values: Float32Array): void {
  const tensor = tf.tensor(values, variable.shape as number[])
  variable.write(tensor)
  tensor.dispose()
}

/** Which weights get which tensors; throws when they do not fit. */
function matchWeights(
  model: tf.LayersModel,
  tensors: ReadonlyMap<string, TensorLike | LazyTensorLike>,
  { strict = true, ignoreHead = false }: LoadOptions,
): { given: ModelWeight[]; report: LoadReport } {
  const weights = modelWeights(model)
  const head = ignoreHead ? weights.findLast(({ shape }) => shape.length === 2)?.layer : undefined
  const skipped = weights.filter(({ layer }) => layer === head)
  const wanted = weights.filter(({ layer }) => layer !== head)
  const known = new Set(weights.map(({ name }) => name))
  const given = wanted.filter(({ name }) => tensors.has(name))
  const missing = wanted.filter(({ name }) => !tensors.has(name))
  const unexpected = [...tensors.keys()].filter((name) => !known.has(name))
  requireFit(tensors, given, strict ? missing : [], strict ? unexpected : [])
  const names = (list: ModelWeight[]) => list.map(({ name }) => name)
  const report = {
    loaded: names(given),
    missing: names(missing),
    unexpected,
    skipped: names(skipped),
  }
  return { given, report }
}

function requireFit(
  tensors: ReadonlyMap<string, TensorLike | LazyTensorLike>,
  given: ModelWeight[],
  missing: ModelWeight[],
  unexpected: string[],
): void {
  const misshapen: ShapeMismatch[] = []
  const problems: string[] = []
  for (const { name, shape } of given) {
    const tensor = tensors.get(name)!
    const isOfShape = tensor.shape.join() === shape.join()
    const count = 'data' in tensor ? tensor.data.length : elementCount(tensor.shape)
    if (isOfShape && count === elementCount(shape)) continue
    misshapen.push({ name, expected: shape, found: [...tensor.shape] })
    problems.push(
      isOfShape
        ? `${name} holds ${count} numbers for the shape ${brackets(shape)}`
        : `${name} is ${brackets(tensor.shape)} where the model has ${brackets(shape)}`,
    )
  }
  if (missing.length > 0) {
    problems.push(
      `missing ${missing.map(({ name, shape }) => `${name} ${brackets(shape)}`).join(', ')}`,
    )
  }
  if (unexpected.length > 0) {
    const list = unexpected.map((name) => `${name} ${brackets(tensors.get(name)!.shape)}`)
    problems.push(`unexpected ${list.join(', ')}`)
  }
  if (problems.length === 0) return
  throw new WeightsError(`the weights do not fit the model: ${problems.join('; ')}`, {
    missing: missing.map(({ name }) => name),
    unexpected,
    misshapen,
  })
}

function brackets(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1)
}
