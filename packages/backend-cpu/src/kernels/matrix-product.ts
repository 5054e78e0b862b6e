// Matrix products: BatchMatMul and _FusedMatMul in all four transpositions, and the one function through
// which convolutions run too. Its paths and block sizes: matrix-product.as.

import { batchPlaces } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import type { AlexNetCpuBackend } from '../backend.ts'
import type { Engine } from '../engine.ts'
import {
  LEFT_PATCHES_TRANSPOSED,
  LEFT_ROWS,
  LEFT_TRANSPOSED,
  matrixProductParameters,
  RELU,
  RELU6,
  RIGHT_ROWS,
  RIGHT_TRANSPOSED,
  ROW_STRIDE,
  thinProductParameters,
} from '../generated/layout.ts'
import type { StructValues } from '../module.ts'
import type { Kernel, KernelArguments } from './kernel.ts'

type Parameters = StructValues<typeof matrixProductParameters>
type Planned =
  | 'batchTasks'
  | 'taskRows'
  | 'taskColumns'
  | 'rowBlock'
  | 'depthBlock'
  | 'scratch'
  | 'scratchBytes'
/** The geometry fields of a convolution; a plain product has none. */
export type ProductOperands = Pick<
  Parameters,
  Exclude<keyof Parameters, Planned | keyof typeof noGeometry | keyof typeof oneBatch>
> &
  Partial<Parameters>

const noGeometry = {
  pictureHeight: 0,
  pictureWidth: 0,
  pictureChannels: 0,
  picturePixel: 0,
  mapHeight: 0,
  mapWidth: 0,
  mapChannels: 0,
  mapPixel: 0,
  filterHeight: 0,
  filterWidth: 0,
  strideHeight: 1,
  strideWidth: 1,
  padTop: 0,
  padLeft: 0,
  dilationHeight: 1,
  dilationWidth: 1,
}

const oneBatch = { leftBatch: 0, rightBatch: 0, resultBatch: 0, accumulate: 0 }

/** Multiplies: result[rows, columns] = activation(start + left · right), for each of batches. */
export function multiply(engine: Engine, operands: ProductOperands, batches = 1): void {
  const { rows, columns, leftKind } = operands
  if (rows === 0 || columns === 0) return
  if (operands.depth === 0) {
    fillRows(engine, operands, batches)
    return
  }
  if (
    batches === 1 &&
    rows <= THIN_ROWS &&
    columns <= THIN_COLUMNS &&
    leftKind === LEFT_ROWS &&
    operands.rightKind === RIGHT_ROWS
  ) {
    multiplyThin(engine, operands)
    return
  }
  const transposed = leftKind === LEFT_TRANSPOSED || leftKind === LEFT_PATCHES_TRANSPOSED
  const blocks = planBlocks(operands, transposed)
  const panels = Math.ceil(Math.min(blocks.taskColumns, columns) / 8)
  const panelBytes = blocks.depthBlock * 32 + 64
  const leftBytes = (blocks.rowBlock + 12) * (transposed ? blocks.depthBlock : ROW_STRIDE) * 4 + 64
  const turnBytes = leftKind === LEFT_PATCHES_TRANSPOSED ? blocks.depthBlock * ROW_STRIDE * 4 : 0
  const scratchBytes = 512 + panels * panelBytes + leftBytes + turnBytes + 64
  const batchTasks = Math.ceil(rows / blocks.taskRows) * Math.ceil(columns / blocks.taskColumns)
  engine.run(
    'matrixProduct',
    matrixProductParameters,
    {
      ...noGeometry,
      ...oneBatch,
      ...operands,
      batchTasks,
      ...blocks,
      scratch: engine.scratch(scratchBytes),
      scratchBytes,
    },
    batchTasks * batches,
  )
}

/** A product with nothing to sum: its start, or zeros, through the activation. */
function fillRows(engine: Engine, operands: ProductOperands, batches: number): void {
  const { result, start, rows, columns, resultStride, resultBatch = 0, activation } = operands
  const { memory } = engine
  const [least, most] = [activation & RELU ? 0 : -Infinity, activation & RELU6 ? 6 : Infinity]
  const sums = start ? memory.floats(start, columns) : new Float32Array(columns)
  const row = sums.map((value) => Math.min(most, Math.max(least, value)))
  for (let batch = 0; batch < batches; batch++) {
    for (let i = 0; i < rows; i++) {
      memory.floats(result + (batch * resultBatch + i * resultStride) * 4, columns).set(row)
    }
  }
}

/** Rows up to which packing the right factor costs more than it saves. */
const THIN_ROWS = 3
/** Columns up to which a task's sums stay in the cache while it reads its rows. */
const THIN_COLUMNS = 16384

/** Pieces that a thin product's matrix is cut into, for so many threads at most. */
const THIN_PIECES = 16

function multiplyThin(engine: Engine, operands: ProductOperands): void {
  const { left, right, result, start, rows, columns, depth } = operands
  const { leftStride, rightStride, resultStride, activation } = operands
  const taskDepth = Math.ceil(depth / THIN_PIECES / 8) * 8
  const tasks = Math.ceil(depth / taskDepth)
  // Shared by the workers, each of which has its part of the whole.
  const partial = engine.scratch(Math.ceil((tasks * rows * columns * 4) / engine.threads))
  const values = {
    left,
    right,
    result,
    start,
    rows,
    columns,
    depth,
    leftStride,
    rightStride,
    resultStride,
    taskDepth,
    partial,
    activation,
  }
  engine.run('thinProduct', thinProductParameters, values, tasks)
  engine.run('thinSums', thinProductParameters, values, rows)
}

/**
 * Block sizes from the shape alone. Few rows (a fully connected layer): a task is a strip of columns,
 * and a whole right block is used by all rows while it is in cache. Many rows: a task is a strip of
 * rows over all columns, so each task packs the right factor once for its many rows.
 */
function planBlocks({ rows, columns, rightKind }: ProductOperands, transposed: boolean) {
  const rowBlock = Math.min(transposed ? 252 : 96, Math.ceil(rows / 12) * 12)
  if (rows <= 96) {
    // Long pieces of the right factor's rows (a page of memory), few of them: it is read from afar.
    if (rightKind === RIGHT_ROWS && !transposed) {
      const quarter = Math.ceil(columns / 32) * 8
      const taskColumns = Math.max(128, Math.min(1024, quarter))
      return { taskRows: rows, taskColumns, rowBlock, depthBlock: 64 }
    }
    const depthBlock = transposed ? 128 : ROW_STRIDE
    return { taskRows: rows, taskColumns: 256, rowBlock, depthBlock }
  }
  const taskRows = Math.max(96, Math.min(1152, Math.ceil(rows / 16 / rowBlock) * rowBlock))
  return { taskRows, taskColumns: 512, rowBlock, depthBlock: transposed ? 128 : ROW_STRIDE }
}

/** Micro-kernel flags of an activation it can apply, or undefined. */
export function activationFlags(activation: unknown): number | undefined {
  if (activation === undefined || activation === null || activation === 'linear') return 0
  if (activation === 'relu') return RELU
  return activation === 'relu6' ? RELU | RELU6 : undefined
}

function product(
  call: KernelArguments,
  operation: string,
  bias: tf.TensorInfo | undefined,
  activation: number,
) {
  const { inputs, attrs, backend } = call
  const a = inputs.a!
  const b = inputs.b!
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number]
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number]
  const [rows, depth] = attrs.transposeA ? [aColumns, aRows] : [aRows, aColumns]
  const [innerDepth, columns] = attrs.transposeB ? [bColumns, bRows] : [bRows, bColumns]
  if (depth !== innerDepth) {
    throw new Error(
      `${operation}: inner dimensions ${depth} and ${innerDepth} of [${a.shape}] and [${b.shape}] ` +
        `(transposeA=${attrs.transposeA}, transposeB=${attrs.transposeB}) must be equal`,
    )
  }
  const aBatches = tf.util.sizeFromShape(a.shape.slice(0, -2))
  const bBatches = tf.util.sizeFromShape(b.shape.slice(0, -2))
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(
    a.shape.slice(0, -2),
    b.shape.slice(0, -2),
  )
  const left = backend.address(a)
  const right = backend.address(b)
  const isGradient = attrs.transposeA === true && attrs.transposeB !== true && !bias && !activation
  if (isGradient && outer.every((size) => size === 1) && rows * columns >= LARGE) {
    return gradientLater(backend, [a, b], [...outer, rows, columns], depth)
  }
  const start = bias ? backend.address(bias) : 0
  const { info, address } = backend.allocate([...outer, rows, columns], operation)
  const operands = {
    left,
    right,
    result: address,
    start,
    leftKind: attrs.transposeA ? LEFT_TRANSPOSED : LEFT_ROWS,
    rightKind: attrs.transposeB ? RIGHT_TRANSPOSED : RIGHT_ROWS,
    leftStride: aColumns,
    rightStride: bColumns,
    resultStride: columns,
    rows,
    columns,
    depth,
    activation,
    resultBatch: rows * columns,
  }
  const same = tf.util.arraysEqual(a.shape.slice(0, -2), b.shape.slice(0, -2))
  if (same || aBatches === 1 || bBatches === 1) {
    const leftBatch = aBatches === 1 ? 0 : rows * depth
    const rightBatch = bBatches === 1 ? 0 : depth * columns
    const batches = tf.util.sizeFromShape(outer)
    multiply(backend.engine, { ...operands, leftBatch, rightBatch }, batches)
  } else {
    // Batches that broadcast along different axes, one product each.
    const aPlaces = batchPlaces(a.shape.slice(0, -2), outer)
    const bPlaces = batchPlaces(b.shape.slice(0, -2), outer)
    for (let batch = 0; batch < aPlaces.length; batch++) {
      multiply(backend.engine, {
        ...operands,
        left: left + aPlaces[batch]! * rows * depth * 4,
        right: right + bPlaces[batch]! * depth * columns * 4,
        result: address + batch * rows * columns * 4,
      })
    }
  }
  return info
}

/** Numbers from which on a weight's gradient waits until it is known what it is for. */
const LARGE = 2 ** 20

/** aᵀ · b as a product that waits. The addresses are those of values that stay where they are as long as it does. */
function gradientLater(
  backend: AlexNetCpuBackend,
  [a, b]: readonly [tf.TensorInfo, tf.TensorInfo],
  shape: number[],
  depth: number,
): tf.TensorInfo {
  const [left, right] = [backend.address(a), backend.address(b)]
  const [rows, columns] = shape.slice(-2) as [number, number]
  const compute = (address: number, first: number, count: number) =>
    multiply(backend.engine, {
      left: left + first * 4,
      right,
      result: address,
      start: 0,
      leftKind: LEFT_TRANSPOSED,
      rightKind: RIGHT_ROWS,
      leftStride: rows,
      rightStride: columns,
      resultStride: columns,
      rows: count,
      columns,
      depth,
      activation: 0,
    })
  return backend.later(shape, 'a product', {
    of: [a, b],
    compute: (address) => compute(address, 0, rows),
    parts: { rows, columns, compute },
  })
}

function covered({ inputs }: KernelArguments): boolean {
  return inputs.a?.dtype === 'float32' && inputs.b?.dtype === 'float32'
}

export const batchMatMul: Kernel = {
  name: 'BatchMatMul',
  run: (call, fallback) => (covered(call) ? product(call, 'matMul', undefined, 0) : fallback(call)),
}

export const fusedMatMul: Kernel = {
  name: '_FusedMatMul',
  run(call, fallback) {
    const { inputs, attrs } = call
    const { bias } = inputs
    const activation = activationFlags(attrs.activation)
    const columns = inputs.b!.shape.at(attrs.transposeB ? -2 : -1)
    const rowBias =
      !bias ||
      (bias.dtype === 'float32' &&
        tf.util.sizeFromShape(bias.shape) === columns &&
        bias.shape.at(-1) === columns)
    if (!covered(call) || activation === undefined || !rowBias) return fallback(call)
    return product(call, 'fused matMul', bias, activation)
  },
}
