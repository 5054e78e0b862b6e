// Matrix products: BatchMatMul and _FusedMatMul in all four transpositions, and the one function through
// which convolutions run too. Its code: matrix-product.wgsl.ts; few rows of a matrix as stored:
// thin-product.ts.

import { batchPlaces } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import type { AlexNetWebGPUBackend } from '../backend.ts'
import { run, spread } from '../program.ts'
import { tileFor } from '../tiles.ts'
import type { Kernel, KernelArguments } from './kernel.ts'
import {
  productCode,
  productFields,
  productName,
  type Tile,
  type Variant,
} from './matrix-product.wgsl.ts'
import { type Activation, noGeometry, type Operands, oneProduct } from './product-operands.ts'
import { sumOfSplits } from './reduction.ts'
import { THIN_ROWS, thinProduct } from './thin-product.ts'

/** Multiplies: result[rows, columns] = activation(start + left · right), for each of batches. */
export function multiply(backend: AlexNetWebGPUBackend, operands: Operands): void {
  const { left, right, result, start, leftKind, rightKind, rows, columns, depth } = operands
  const { geometry = noGeometry, batches = 1, places = {}, activation = 'linear' } = operands
  if (rows * columns * batches === 0) return
  if (rows <= THIN_ROWS && leftKind === 'rows' && rightKind === 'rows' && batches === 1) {
    thinProduct(backend, operands)
    return
  }
  const tile = operands.tile ?? tileFor(backend.tuning, rows, columns)
  const columnTiles = Math.ceil(columns / tile.columns)
  const tiles = columnTiles * Math.ceil(rows / tile.rows)
  const splits = batches === 1 ? splitsFor(tiles, depth, tile, backend.tuning.enoughTiles) : 1
  const splitDepth = Math.ceil(Math.ceil(depth / splits) / tile.depth) * tile.depth
  const inner = innermost(operands)
  const variant: Variant = {
    left: leftKind,
    right: rightKind,
    leftVectors: inner.left % 4 === 0,
    rightVectors: inner.right % 4 === 0,
    resultVectors: columns % 4 === 0,
    start: start !== undefined && splits === 1,
    activation: splits === 1 ? activation : 'linear',
    tile,
  }
  const into = splits === 1 ? result : backend.makeTensorInfo([splits, rows, columns], 'float32')
  run(
    backend,
    { name: productName(variant), fields: productFields, code: () => productCode(variant) },
    {
      buffers: [left, right, into, ...(variant.start ? [start!] : [])],
      parameters: {
        ...geometry,
        ...oneProduct,
        ...places,
        rows,
        columns,
        depth,
        columnTiles,
        tiles,
        splits,
        splitDepth,
        resultBatch: rows * columns,
      },
      workgroups: [...spread(tiles), batches * splits],
    },
  )
  if (splits > 1) {
    sumOfSplits(backend, into, result, { start, activation })
    backend.disposeData(into.dataId)
  }
}

/** The dimensions along which the memory of the factors runs. */
function innermost({ leftKind, rightKind, rows, columns, depth, geometry }: Operands) {
  const { pictureChannels, mapChannels } = geometry ?? noGeometry
  const left = {
    rows: depth,
    transposed: rows,
    patches: pictureChannels,
    'patches-transposed': pictureChannels,
    spread: mapChannels,
  }
  const right = { rows: columns, transposed: depth, 'filter-transposed': mapChannels }
  return { left: left[leftKind], right: right[rightKind] }
}

/** Pieces of the depth, so that a deep product of few tiles (a filter's gradient) is spread over a device. */
function splitsFor(tiles: number, depth: number, tile: Tile, enoughTiles = 64): number {
  if (tiles >= enoughTiles) return 1
  return Math.max(
    1,
    Math.min(Math.ceil(enoughTiles / tiles), Math.floor(depth / (tile.depth * 16))),
  )
}

/** The activation if a product can apply it, or undefined. */
export function fusedActivation(activation: unknown): Activation | undefined {
  if (activation === undefined || activation === null) return 'linear'
  return activation === 'linear' || activation === 'relu' || activation === 'relu6'
    ? activation
    : undefined
}

function product(
  { inputs, attrs, backend }: KernelArguments,
  operation: string,
  start?: tf.TensorInfo,
  activation?: Activation,
) {
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
  const aOuter = a.shape.slice(0, -2)
  const bOuter = b.shape.slice(0, -2)
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(aOuter, bOuter)
  const result = backend.makeTensorInfo([...outer, rows, columns], 'float32')
  const operands: Operands = {
    left: a,
    right: b,
    result,
    start,
    activation,
    rows,
    columns,
    depth,
    leftKind: attrs.transposeA ? 'transposed' : 'rows',
    rightKind: attrs.transposeB ? 'transposed' : 'rows',
  }
  const [aBatches, bBatches] = [tf.util.sizeFromShape(aOuter), tf.util.sizeFromShape(bOuter)]
  if (tf.util.arraysEqual(aOuter, bOuter) || aBatches === 1 || bBatches === 1) {
    const leftBatch = aBatches === 1 ? 0 : rows * depth
    const rightBatch = bBatches === 1 ? 0 : depth * columns
    const batches = tf.util.sizeFromShape(outer)
    multiply(backend, { ...operands, batches, places: { leftBatch, rightBatch } })
  } else {
    // Batches that broadcast along different axes, one product each.
    const bPlaces = batchPlaces(bOuter, outer)
    for (const [batch, place] of batchPlaces(aOuter, outer).entries()) {
      multiply(backend, {
        ...operands,
        places: {
          leftOffset: place * rows * depth,
          rightOffset: bPlaces[batch]! * depth * columns,
          resultOffset: batch * rows * columns,
        },
      })
    }
  }
  return result
}

/** Float32 factors; the third dimension of a dispatch holds 65535 products. */
function covered({ inputs }: KernelArguments): boolean {
  const { a, b } = inputs
  const batches = [a, b].map((t) => tf.util.sizeFromShape(t!.shape.slice(0, -2)))
  return a?.dtype === 'float32' && b?.dtype === 'float32' && Math.max(...batches) < 65536
}

export const batchMatMul: Kernel = {
  name: 'BatchMatMul',
  run: (call, fallback) => (covered(call) ? product(call, 'matMul') : fallback(call)),
}

export const fusedMatMul: Kernel = {
  name: '_FusedMatMul',
  run(call, fallback) {
    const { inputs, attrs } = call
    const { bias } = inputs
    const activation = fusedActivation(attrs.activation)
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
