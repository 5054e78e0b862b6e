// PyTorch's layouts to LiteRT's, whose pictures go pixel by pixel: channels are outermost there, innermost here.

import type { StoredTensor, TensorData } from '../tensor.ts'

/** A filter, `[outputs, channels, height, width]`, as `[outputs, height, width, channels]`. */
export function channelsLast(tensor: StoredTensor): StoredTensor {
  const [outputs, channels, height, width] = tensor.shape as [number, number, number, number]
  const data = transposed(tensor.data, channels, height * width)
  return { dtype: tensor.dtype, shape: [outputs, height, width, channels], data }
}

/**
 * The weights of a linear layer, `[outputs, channels · height · width]`, whose inputs come pixel by pixel:
 * `[outputs, height · width · channels]`.
 */
export function pixelByPixel(tensor: StoredTensor, channels: number): StoredTensor {
  const inputs = tensor.shape[1]!
  const data = transposed(tensor.data, channels, inputs / channels)
  return { ...tensor, data }
}

/** Each block of `[rows, columns]` as `[columns, rows]`; itself where that changes nothing. */
function transposed(from: TensorData, rows: number, columns: number): TensorData {
  if (rows === 1 || columns === 1) return from
  const to = new (from.constructor as new (length: number) => Float32Array)(from.length)
  const numbers = from as Float32Array
  for (let block = 0; block < from.length; block += rows * columns) {
    let next = block
    for (let column = 0; column < columns; column++) {
      for (let row = 0; row < rows; row++) to[next++] = numbers[block + row * columns + column]!
    }
  }
  return to
}
