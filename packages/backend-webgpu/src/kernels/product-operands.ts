// What a matrix product is given: two factors, where they lie in memory, and what to do with the sums.

import type * as tf from '@tensorflow/tfjs'
import type { FieldValues } from '../program.ts'
import type { Left, productFields, Right, Tile, Variant } from './matrix-product.wgsl.ts'

export type Activation = Variant['activation']

/** Of a product that is no convolution. */
export const noGeometry = {
  pictureHeight: 0,
  pictureWidth: 0,
  pictureChannels: 1,
  mapHeight: 0,
  mapWidth: 0,
  mapChannels: 1,
  filterWidth: 1,
  strideHeight: 1,
  strideWidth: 1,
  padTop: 0,
  padLeft: 0,
  dilationHeight: 1,
  dilationWidth: 1,
}
/** Where a single product's factors and result begin. */
export const oneProduct = {
  leftOffset: 0,
  rightOffset: 0,
  resultOffset: 0,
  leftBatch: 0,
  rightBatch: 0,
}

export type Geometry = Pick<FieldValues<typeof productFields>, keyof typeof noGeometry>

export interface Operands {
  left: tf.TensorInfo
  right: tf.TensorInfo
  result: tf.TensorInfo
  /** Added to every row; [columns]. */
  start?: tf.TensorInfo
  activation?: Activation
  leftKind: Left
  rightKind: Right
  rows: number
  columns: number
  depth: number
  geometry?: Geometry
  /** Of a batch of products. */
  batches?: number
  places?: Partial<typeof oneProduct>
  /** Instead of the one that suits the shape. */
  tile?: Tile
}
