// Where training starts from: the initial weights and biases of the paper, of the released 2012
// network, of Caffe, PyTorch and LeCun, as small records that architecture tables name, and the
// two seeded TensorFlow.js initialisers that they come down to. TensorFlow.js's own random
// initialisers take seconds for AlexNet's 61 million numbers and know neither PyTorch's nor
// Caffe's rule; these take about one.
import * as tf from '@tensorflow/tfjs'
import { OptionError, show } from './errors.ts'
import { fillNormal, fillUniform } from './random.ts'

/** How a layer's weights start. `fanIn` is the number of inputs that one output sums over. */
export type InitialWeightRule =
  | { kind: 'normal'; standardDeviation: number }
  /** N(0, gain / √fanIn). */
  | { kind: 'fan-in-normal'; gain: number }
  /** U(±1 / √fanIn). */
  | { kind: 'fan-in-uniform' }

/** How a layer's biases start: all at one value, or by a rule over the layer's `fanIn`. */
export type InitialBiasRule = number | { kind: 'fan-in-uniform' }

/** How a convolution or linear layer starts. */
export interface InitialValues {
  weights: InitialWeightRule
  biases: InitialBiasRule
}

/**
 * Weights from N(0, standardDeviation), biases at one value. With 0.01 and biases of 0 or 1 the
 * paper's start (Krizhevsky et al. 2012, section 5); the released net 145 uses 0.03 in conv3 to
 * conv5; Caffe's nets 0.005 in fc6 and fc7, and biases of 0.1 (AlexNet) or 1 (CaffeNet).
 */
export function gaussian(standardDeviation: number, biases: number): InitialValues {
  return { weights: { kind: 'normal', standardDeviation }, biases }
}

/**
 * PyTorch's default for Conv2d and Linear, kaiming_uniform_ with a = √5: weights and biases
 * U(±1/√fanIn).
 */
export const pytorchDefault: InitialValues = {
  weights: { kind: 'fan-in-uniform' },
  biases: { kind: 'fan-in-uniform' },
}

/** He et al. 2015, for layers followed by ReLU: weights from N(0, √(2 / fanIn)), biases 0. */
export const kaimingNormal: InitialValues = {
  weights: { kind: 'fan-in-normal', gain: Math.SQRT2 },
  biases: 0,
}

/** LeCun, Bottou, Orr, Müller, "Efficient BackProp", 1998, section 4.6: N(0, 1 / √fanIn), biases 0. */
export const lecunNormal: InitialValues = {
  weights: { kind: 'fan-in-normal', gain: 1 },
  biases: 0,
}

/** The TensorFlow.js initialiser of a rule, for a layer whose outputs sum over `fanIn` inputs. */
export function createInitializer(
  rule: InitialWeightRule | InitialBiasRule,
  fanIn: number,
  seed: number,
): Initializer {
  if (typeof rule === 'number') {
    return rule === 0 ? tf.initializers.zeros() : tf.initializers.constant({ value: rule })
  }
  switch (rule.kind) {
    case 'normal':
      return new SeededNormal({ standardDeviation: rule.standardDeviation, seed })
    case 'fan-in-normal':
      return new SeededNormal({ standardDeviation: rule.gain / Math.sqrt(fanIn), seed })
    case 'fan-in-uniform':
      return new SeededUniform({ bound: 1 / Math.sqrt(fanIn), seed })
  }
}

/** Anything TensorFlow.js accepts as an initialiser object. */
export type Initializer = ReturnType<typeof tf.initializers.zeros>

// TensorFlow.js exports the functions that make initialisers, not the class that they extend,
// and its layers accept instances of that class alone.
const InitializerBase: abstract new () => Initializer = Object.getPrototypeOf(
  tf.initializers.zeros().constructor,
)

/** Numbers from N(0, standardDeviation), a pure function of the seed and the shape. */
export class SeededNormal extends InitializerBase {
  static className = 'AlexNetSeededNormal'
  readonly standardDeviation: number
  readonly seed: number

  constructor(config: { standardDeviation: number; seed: number }) {
    super()
    this.standardDeviation = requireSize('standardDeviation', config.standardDeviation)
    this.seed = config.seed
  }

  override apply(shape: tf.Shape): tf.Tensor {
    const values = new Float32Array(elementCount(shape))
    fillNormal(values, this.seed, this.standardDeviation)
    return tf.tensor(values, shape as number[])
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { standardDeviation: this.standardDeviation, seed: this.seed }
  }
}

/** Numbers from U(−bound, bound), a pure function of the seed and the shape. */
export class SeededUniform extends InitializerBase {
  static className = 'AlexNetSeededUniform'
  readonly bound: number
  readonly seed: number

  constructor(config: { bound: number; seed: number }) {
    super()
    this.bound = requireSize('bound', config.bound)
    this.seed = config.seed
  }

  override apply(shape: tf.Shape): tf.Tensor {
    const values = new Float32Array(elementCount(shape))
    fillUniform(values, this.seed, this.bound)
    return tf.tensor(values, shape as number[])
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { bound: this.bound, seed: this.seed }
  }
}

/**
 * An initialiser from itself, from a TensorFlow.js name ('zeros') or from `{ className, config }`.
 */
export function toInitializer(value: unknown): Initializer {
  if (value instanceof InitializerBase) return value
  const { className, config } =
    typeof value === 'string'
      ? { className: value[0]!.toUpperCase() + value.slice(1), config: {} }
      : (value as { className?: string; config?: tf.serialization.ConfigDict })
  const entry = tf.serialization.SerializationMap.getMap().classNameMap[className ?? '']
  if (!entry) throw new OptionError(`${show(value)} is not an initialiser that TensorFlow.js knows`)
  const [type, fromConfig] = entry
  return fromConfig(type, config ?? {}) as Initializer
}

function elementCount(shape: tf.Shape): number {
  return shape.reduce<number>((product, length) => product * length!, 1)
}

function requireSize(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value
  throw new OptionError(`${name} must be a number of at least 0, found ${show(value)}`)
}
