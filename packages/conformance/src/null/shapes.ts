// The shape that each kernel's result has, by the kernel's name: all that the null backend knows of an operation. Windows
// are those of every backend, from @alexnet/backend.

import { type CustomKernels, convolutionShapes, poolingShapes } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'

/** What a kernel makes: a tensor of a shape and a type, or one that has its storage from another. */
export interface Made {
  shape: number[]
  dtype: tf.DataType
  of?: tf.TensorInfo
}

type Inputs = Record<string, tf.TensorInfo>
type Attributes = Readonly<Record<string, unknown>>
export type ShapeRule = (inputs: Inputs, attributes: Attributes) => Made | Made[]

const named = (names: readonly string[], rule: ShapeRule): Record<string, ShapeRule> =>
  Object.fromEntries(names.map((name) => [name, rule]))

/** As one of the operands. */
const like =
  (operand: string): ShapeRule =>
  (inputs) => ({ shape: inputs[operand]!.shape, dtype: inputs[operand]!.dtype })

/** As several of them, in turn: kernels that make more than one tensor. */
const likeEach =
  (...operands: string[]): ShapeRule =>
  (inputs) =>
    operands.map((operand) => ({ shape: inputs[operand]!.shape, dtype: inputs[operand]!.dtype }))

const broadcast =
  (dtype?: tf.DataType): ShapeRule =>
  ({ a, b }) => ({
    shape: tf.backend_util.assertAndGetBroadcastShape(a!.shape, b!.shape),
    dtype: dtype ?? a!.dtype,
  })

const reduction =
  (dtype?: tf.DataType): ShapeRule =>
  ({ x }, { axis, reductionIndices = axis, keepDims }) => {
    const axes = tf.util.parseAxisParam((reductionIndices ?? null) as number[], x!.shape)
    const [reduced] = tf.backend_util.computeOutAndReduceShapes(x!.shape, axes)
    const shape = keepDims ? tf.backend_util.expandShapeToKeepDim(reduced, axes) : reduced
    return { shape, dtype: dtype ?? x!.dtype }
  }

const shaped =
  (attribute: string): ShapeRule =>
  (inputs, attributes) => ({
    shape: attributes[attribute] as number[],
    dtype: Object.values(inputs)[0]!.dtype,
  })

const product: ShapeRule = ({ a, b }, { transposeA, transposeB }) => {
  const outer = tf.backend_util.assertAndGetBroadcastShape(
    a!.shape.slice(0, -2),
    b!.shape.slice(0, -2),
  )
  const rows = a!.shape.at(transposeA ? -1 : -2)!
  const columns = b!.shape.at(transposeB ? -2 : -1)!
  return { shape: [...outer, rows, columns], dtype: a!.dtype }
}

const depthwise =
  (name: string): ShapeRule =>
  ({ x, filter }, attrs) => {
    const operands = { pictureShape: x!.shape, filterShape: filter!.shape, depthwise: true }
    return { shape: convolutionShapes({ name, attrs, ...operands }).outShape, dtype: 'float32' }
  }

/** @param groupsOf how many times a filter's channels the picture has, by the attributes */
const convolution =
  (name: string, groupsOf = (_: Attributes) => 1): ShapeRule =>
  ({ x, filter }, attrs) => {
    const [height, width, channels, filters] = filter!.shape as [number, number, number, number]
    const filterShape = [height, width, channels * groupsOf(attrs), filters]
    const shapes = convolutionShapes({ name, attrs, pictureShape: x!.shape, filterShape })
    return { shape: shapes.outShape, dtype: 'float32' }
  }

const pooling =
  (name: string): ShapeRule =>
  ({ x }, attrs) => ({
    shape: poolingShapes({ name, attrs, pictureShape: x!.shape }).outShape,
    dtype: x!.dtype,
  })

const padded: ShapeRule = ({ x }, { paddings }) => ({
  shape: x!.shape.map((length, axis) => {
    const [before, after] = (paddings as [number, number][])[axis]!
    return before + length + after
  }),
  dtype: x!.dtype,
})

/** One of a shape with another in it, at an axis. */
const joined: ShapeRule = (inputs, { axis }) => {
  const parts = Object.values(inputs)
  const [own] = tf.util.parseAxisParam(axis as number, parts[0]!.shape)
  const shape = tf.backend_util.computeOutShape(
    parts.map((part) => part.shape),
    own!,
  )
  return { shape, dtype: parts[0]!.dtype }
}

const split: ShapeRule = ({ x }, { numOrSizeSplits, axis }) => {
  const [own] = tf.util.parseAxisParam(axis as number, x!.shape)
  const sizes = tf.backend_util.prepareSplitSize(
    x as unknown as tf.Tensor,
    numOrSizeSplits as number,
    own,
  )
  return sizes.map((size) => ({ shape: x!.shape.with(own!, size), dtype: x!.dtype }))
}

const slice: ShapeRule = ({ x }, { begin, size }) => {
  const operands = [x as unknown as tf.Tensor, begin as number[], size as number[]] as const
  const [, shape] = tf.slice_util.parseSliceParams(...operands)
  return { shape: shape!, dtype: x!.dtype }
}

/** The kernels that tfjs does not have. */
export const customShapeRules: Record<keyof CustomKernels, ShapeRule> = {
  MomentumStep: likeEach('weight', 'velocity'),
  AdamStep: likeEach('weight', 'mean', 'square'),
  GroupedConv2D: convolution('GroupedConv2D', ({ groups }) => groups as number),
  GroupedConv2DBackpropInput: shaped('inputShape'),
  GroupedConv2DBackpropFilter: shaped('filterShape'),
  ReluGradient: like('dy'),
  HashedDropout: like('x'),
  SoftmaxCrossEntropy: ({ logits }) => [
    { shape: [], dtype: 'float32' },
    { shape: logits!.shape, dtype: 'float32' },
  ],
  QuantizedMatMul: ({ x, matrix }) => ({
    shape: [x!.shape[0]!, matrix!.shape[1]!],
    dtype: 'float32',
  }),
}

/** The kernels of tfjs that networks are made and trained of. */
export const shapeRules: Record<string, ShapeRule> = {
  ...named(['Add', 'Sub', 'Multiply', 'RealDiv', 'Maximum', 'Minimum', 'Pow'], broadcast()),
  ...named(['SquaredDifference', 'FloorDiv', 'Mod'], broadcast()),
  ...named(['LogicalAnd', 'LogicalOr'], broadcast('bool')),
  ...named(
    ['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'],
    broadcast('bool'),
  ),
  ...named(['Relu', 'Sigmoid', 'Tanh', 'Neg', 'Abs', 'Exp', 'Log', 'Sqrt', 'Square'], like('x')),
  ...named(['Rsqrt', 'Relu6', 'Elu', 'LeakyRelu', 'Selu', 'Softplus', 'Floor', 'Sin'], like('x')),
  ...named(['ClipByValue', 'Prelu', 'Cumsum', 'FusedBatchNorm', 'LogicalNot'], like('x')),
  EluGrad: like('dy'),
  Select: like('t'),
  ...named(['Step', 'ZerosLike', 'OnesLike', 'Reverse', 'LRN', 'LRNGrad'], like('x')),
  Softmax: like('logits'),
  LogSoftmax: like('logits'),
  AddN: (inputs) => ({ shape: inputs[0]!.shape, dtype: inputs[0]!.dtype }),
  Identity: ({ x }) => ({ shape: x!.shape, dtype: x!.dtype, of: x }),
  Reshape: ({ x }, { shape }) => ({
    shape: tf.util.inferFromImplicitShape(shape as number[], tf.util.sizeFromShape(x!.shape)),
    dtype: x!.dtype,
    of: x,
  }),
  // To the type that it has is no work, as on every backend of tfjs.
  Cast: ({ x }, { dtype }) =>
    dtype === x!.dtype
      ? { shape: x!.shape, dtype: x!.dtype, of: x }
      : { shape: x!.shape, dtype: dtype as tf.DataType },
  Fill: (_, { shape, dtype }) => ({
    shape: shape as number[],
    dtype: (dtype ?? 'float32') as tf.DataType,
  }),
  OneHot: ({ indices }, { depth, dtype }) => ({
    shape: [...indices!.shape, depth as number],
    dtype: (dtype ?? 'int32') as tf.DataType,
  }),
  ...named(['Sum', 'Max', 'Min', 'Prod'], reduction()),
  Mean: reduction('float32'),
  ...named(['ArgMax', 'ArgMin'], reduction('int32')),
  Transpose: ({ x }, { perm }) => ({
    shape: (perm as number[]).map((axis) => x!.shape[axis]!),
    dtype: x!.dtype,
  }),
  Tile: ({ x }, { reps }) => ({
    shape: x!.shape.map((length, axis) => length * (reps as number[])[axis]!),
    dtype: x!.dtype,
  }),
  MirrorPad: padded,
  PadV2: padded,
  Pack: (inputs, { axis }) => {
    const parts = Object.values(inputs)
    const { shape, dtype } = parts[0]!
    return { shape: shape.toSpliced(axis as number, 0, parts.length), dtype }
  },
  Unpack: ({ value }, { axis }) => {
    const [own] = tf.util.parseAxisParam(axis as number, value!.shape)
    const shape = value!.shape.toSpliced(own!, 1)
    return Array.from({ length: value!.shape[own!]! }, () => ({ shape, dtype: value!.dtype }))
  },
  Concat: joined,
  SplitV: split,
  Slice: slice,
  BatchMatMul: product,
  _FusedMatMul: product,
  Conv2D: convolution('Conv2D'),
  FusedConv2D: convolution('FusedConv2D'),
  Conv2DBackpropInput: shaped('inputShape'),
  Conv2DBackpropFilter: shaped('filterShape'),
  DepthwiseConv2dNative: depthwise('DepthwiseConv2dNative'),
  FusedDepthwiseConv2D: depthwise('FusedDepthwiseConv2D'),
  DepthwiseConv2dNativeBackpropInput: shaped('inputShape'),
  DepthwiseConv2dNativeBackpropFilter: shaped('filterShape'),
  MaxPool: pooling('MaxPool'),
  AvgPool: pooling('AvgPool'),
  MaxPoolGrad: like('input'),
  AvgPoolGrad: like('input'),
}
