// Where a layer's windows lie on its input, from its settings and the size of its output: what files of other
// programs say as padding.

/** Rows or columns before the first pixel and after the last; negative ones are left out. */
export interface Margins {
  top: number
  bottom: number
  left: number
  right: number
}

/** A layer with windows: its settings, and its output `[batch, height, width, channels]`. */
interface Windowed {
  config: Readonly<Record<string, unknown>>
  outputShape: readonly unknown[]
}

/** Margins with which every window of a layer fits whole, rounding up included. */
export function marginsOf(
  { config, outputShape }: Windowed,
  kernel: readonly [number, number],
  { height, width }: { height: number; width: number },
): Margins {
  const stride = config.strides as number
  const asked = askedMargins(config)
  const [, rows, columns] = outputShape as [unknown, number, number]
  return {
    ...asked,
    bottom: Math.max(asked.bottom, (rows - 1) * stride + kernel[0] - height - asked.top),
    right: Math.max(asked.right, (columns - 1) * stride + kernel[1] - width - asked.left),
  }
}

/** The padding that a layer's settings name. */
export function askedMargins({ padding }: Readonly<Record<string, unknown>>): Margins {
  if (typeof padding === 'number') {
    return { top: padding, bottom: padding, left: padding, right: padding }
  }
  const [[top, bottom], [left, right]] = padding as [[number, number], [number, number]]
  return { top, bottom, left, right }
}

/** `[output, input]`: row i averages pixels ⌊i·input/output⌋ to ⌈(i+1)·input/output⌉ − 1, PyTorch's adaptive pooling. */
export function adaptiveAverages(input: number, output: number): Float32Array {
  const values = new Float32Array(output * input)
  for (let i = 0; i < output; i++) {
    const start = Math.floor((i * input) / output)
    const end = Math.ceil(((i + 1) * input) / output)
    values.fill(1 / (end - start), i * input + start, i * input + end)
  }
  return values
}
