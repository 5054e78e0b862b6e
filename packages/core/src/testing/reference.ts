// Plain loops in float64 that the layers are tested against, written from the definitions and not
// from the layers' code, and the numeric gradient of anything written with them. For tests only.

/** A picture batch, `[batch, height, width, channels]`, in row-major order. */
export interface Batch {
  shape: [number, number, number, number]
  data: Float64Array
}

/** A function of one batch. */
export type Forward = (x: Batch) => Batch

/** Numbers between −1 and 1, different for each seed: all distinct, so that no maximum is a tie. */
export function someNumbers(count: number, seed: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    const wave = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453
    return Math.fround(2 * (wave - Math.floor(wave)) - 1)
  })
}

/** A batch of `someNumbers`. */
export function someBatch(shape: Batch['shape'], seed = 1): Batch {
  return { shape, data: someNumbers(shape[0] * shape[1] * shape[2] * shape[3], seed) }
}

/** A new batch from a function of the four indices. */
export function batchOf(
  shape: Batch['shape'],
  value: (n: number, y: number, x: number, c: number) => number,
): Batch {
  const data = new Float64Array(shape[0] * shape[1] * shape[2] * shape[3])
  let i = 0
  for (let n = 0; n < shape[0]; n++) {
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[2]; x++) {
        for (let c = 0; c < shape[3]; c++) data[i++] = value(n, y, x, c)
      }
    }
  }
  return { shape, data }
}

/** The value at a place, or undefined outside of the picture. */
export function at({ shape, data }: Batch, n: number, y: number, x: number, c: number) {
  const [, height, width, channels] = shape
  if (y < 0 || y >= height || x < 0 || x >= width || c < 0 || c >= channels) return undefined
  return data[((n * height + y) * width + x) * channels + c]!
}

/**
 * Derivatives of Σ weights · forward(x) by every number of `x`, by central differences. In float64
 * over smooth functions good to about 1e-9.
 */
export function numericGradient(forward: Forward, x: Batch, weights: Float64Array): Float64Array {
  const step = 1e-5
  const loss = () => forward(x).data.reduce((sum, value, i) => sum + value * weights[i]!, 0)
  return x.data.map((value, i) => {
    x.data[i] = value + step
    const above = loss()
    x.data[i] = value - step
    const below = loss()
    x.data[i] = value
    return (above - below) / (2 * step)
  })
}
