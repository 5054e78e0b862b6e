// The preparation of pictures inside a file: pixels from 0 to 255 to what the network was trained on, in one
// multiplication and one addition.

/** A normalisation of values from 0 to 1: `(value − mean) / std`. */
export interface PixelNormalization {
  /** A number a channel, or one for each value of a picture: a mean picture, `[height, width, 3]`. */
  mean: ArrayLike<number>
  std: readonly [number, number, number]
}

/**
 * `pixel · scale + shift` = `(pixel / 255 − mean) / std`.
 *
 * @returns `scale`, one number a channel, and `shift`, one a channel or `[height, width, 3]` as the mean is
 */
export function scaleAndShift({ mean, std }: PixelNormalization) {
  return {
    scale: Float32Array.from(std, (value) => 1 / (255 * value)),
    shift: Float32Array.from(mean, (value, at) => -value / std[at % 3]!),
  }
}
