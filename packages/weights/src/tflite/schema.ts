// What the schema of .tflite files numbers: types of elements, operators, and the tables of operators' options, as
// far as networks are written with them.
// https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs

import type { StoredDType } from '../tensor.ts'
import type { Field } from './tables.ts'

/** TensorType. */
export const tensorTypes = {
  float32: 0,
  float16: 1,
  int32: 2,
  uint8: 3,
  int8: 9,
} as const satisfies Partial<Record<StoredDType, number>>
export type TfliteDType = keyof typeof tensorTypes

/** BuiltinOperator. */
export const operatorCodes = {
  ADD: 0,
  AVERAGE_POOL_2D: 1,
  CONV_2D: 3,
  DEQUANTIZE: 6,
  FULLY_CONNECTED: 9,
  LOCAL_RESPONSE_NORMALIZATION: 13,
  LOGISTIC: 14,
  MAX_POOL_2D: 17,
  MUL: 18,
  RELU: 19,
  RESHAPE: 22,
  SOFTMAX: 25,
  TANH: 28,
  PAD: 34,
  TRANSPOSE: 39,
  CAST: 53,
  PADV2: 60,
  SLICE: 65,
  POW: 78,
} as const
export type TfliteOperatorName = keyof typeof operatorCodes

/** A table of an operator's options: its number in the union BuiltinOptions, its fields by slot. */
export interface OperatorOptions {
  type: number
  fields: readonly Field[]
}

/** Windows inside the picture alone, or as many as strides fit, with what is missing around it. */
export type WindowPadding = 'same' | 'valid'

/** An operation that the operator before does with its own result. */
export type FusedActivation = 'none' | 'relu'

const fused = (activation: FusedActivation): Field => ({ byte: activation === 'relu' ? 1 : 0 })
const padded = (padding: WindowPadding): Field => ({ byte: padding === 'same' ? 0 : 1 })

/** Conv2DOptions. */
export function convolutionOptions(
  padding: WindowPadding,
  stride: number,
  activation: FusedActivation,
): OperatorOptions {
  const [strides, dilation] = [{ int: stride }, { int: 1 }]
  const fields = [padded(padding), strides, strides, fused(activation), dilation, dilation]
  return { type: 1, fields }
}

/** Pool2DOptions; the kernel is `[height, width]`. */
export function poolingOptions(
  padding: WindowPadding,
  stride: number,
  [height, width]: readonly [number, number],
): OperatorOptions {
  const sizes = [stride, stride, width, height].map((int) => ({ int }))
  return { type: 5, fields: [padded(padding), ...sizes, fused('none')] }
}

/** FullyConnectedOptions; with int8 weights the inputs are quantised as they come, from least to largest. */
export function fullyConnectedOptions(
  activation: FusedActivation,
  isInt8: boolean,
): OperatorOptions {
  return {
    type: 8,
    fields: [fused(activation), { byte: 0 }, { byte: 0 }, { byte: isInt8 ? 1 : 0 }],
  }
}

/** LocalResponseNormalizationOptions; alpha multiplies the plain sum of 2 · radius + 1 squares. */
export function normalizationOptions(
  radius: number,
  { bias, alpha, beta }: { bias: number; alpha: number; beta: number },
): OperatorOptions {
  return { type: 13, fields: [{ int: radius }, { float: bias }, { float: alpha }, { float: beta }] }
}

export const softmaxOptions: OperatorOptions = { type: 9, fields: [{ float: 1 }] }
export const addOptions: OperatorOptions = { type: 11, fields: [fused('none')] }
export const multiplyOptions: OperatorOptions = { type: 21, fields: [fused('none')] }

/** CastOptions. */
export function castOptions(from: TfliteDType, to: TfliteDType): OperatorOptions {
  return { type: 37, fields: [{ byte: tensorTypes[from] }, { byte: tensorTypes[to] }] }
}
