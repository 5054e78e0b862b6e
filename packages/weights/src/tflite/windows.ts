// LiteRT's windows know two paddings: none, and as much as strides fit, the odd pixel at the end. What a layer
// asks for beyond these is padded, and what it leaves out is cut off, by operators of their own.

import type { PictureSize, PoolingStep, WindowedStep } from '../network/layers.ts'
import type { Margins } from '../windows.ts'
import type { WindowPadding } from './schema.ts'

/** How a layer's windows are said. */
export interface Placing {
  /** Of the operator with the windows. */
  padding: WindowPadding
  /** Rows and columns of the input that are left, where some are cut off first. */
  crop?: PictureSize
  /** Pixels to put around the input first. */
  pad?: Margins
}

/**
 * How the windows of a layer are placed on its input.
 *
 * @param knowsSame false where the operator's own padding is not what the layer means by it. Default true.
 */
export function placingOf(
  { kernel, stride, margins, input, output }: WindowedStep,
  knowsSame = true,
): Placing {
  const { top, bottom, left, right } = margins
  const vertical = axisPadding(input.height, kernel[0], stride, output.height, [top, bottom])
  const horizontal = axisPadding(input.width, kernel[1], stride, output.width, [left, right])
  if (vertical.isValid && horizontal.isValid) return { padding: 'valid' }
  if (knowsSame && vertical.isSame && horizontal.isSame) return { padding: 'same' }
  const crop = {
    ...input,
    height: input.height + Math.min(0, bottom),
    width: input.width + Math.min(0, right),
  }
  const isCropped = crop.height < input.height || crop.width < input.width
  const pad = { top, left, bottom: Math.max(0, bottom), right: Math.max(0, right) }
  const isPadded = top + left + pad.bottom + pad.right > 0
  return {
    padding: 'valid',
    ...(isCropped && { crop }),
    ...(isPadded && { pad }),
  }
}

function axisPadding(
  length: number,
  kernel: number,
  stride: number,
  count: number,
  [before, after]: readonly [number, number],
) {
  const missing = Math.max(0, (count - 1) * stride + kernel - length)
  // Pixels that no window reaches need no padding, even where some was asked for.
  return {
    isValid: before === 0 && missing === 0 && count === Math.floor((length - kernel) / stride) + 1,
    isSame:
      after >= 0 && count === Math.ceil(length / stride) && before === Math.floor(missing / 2),
  }
}

/**
 * What averages over whole windows are multiplied by, `[1, height, width, 1]`, where a window counts fewer pixels:
 * PyTorch counts padding that was asked for or none, and never what rounding up adds. Undefined where all count
 * all.
 */
export function countedShares(step: PoolingStep): Float32Array | undefined {
  const { kernel, margins, asked, input, output, countsPadding } = step
  const rows = countsOf(step, output.height, kernel[0], margins.top, [
    countsPadding ? -asked.top : 0,
    input.height + (countsPadding ? asked.bottom : Math.min(0, asked.bottom)),
  ])
  const columns = countsOf(step, output.width, kernel[1], margins.left, [
    countsPadding ? -asked.left : 0,
    input.width + (countsPadding ? asked.right : Math.min(0, asked.right)),
  ])
  const pixels = kernel[0] * kernel[1]
  const shares = rows.flatMap((row) => columns.map((column) => pixels / (row * column)))
  return shares.every((share) => share === 1) ? undefined : Float32Array.from(shares)
}

/** How many pixels of each window lie between two bounds. */
function countsOf(
  { stride }: PoolingStep,
  windows: number,
  kernel: number,
  before: number,
  [first, end]: readonly [number, number],
): number[] {
  return Array.from({ length: windows }, (_, index) => {
    const start = index * stride - before
    return Math.min(end, start + kernel) - Math.max(first, start)
  })
}
