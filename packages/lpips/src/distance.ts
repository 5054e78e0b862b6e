// The formula of LPIPS, on tensors: Zhang, Isola, Efros, Shechtman and Wang, "The Unreasonable Effectiveness of Deep
// Features as a Perceptual Metric" (CVPR 2018), arXiv:1801.03924, eq. 1, as the authors' program has it. All of it is
// made of operations that have gradients, so that a picture can be moved towards another.

import { OptionError } from '@alexnet/core'
import * as tf from '@tensorflow/tfjs'

/** The authors' versions: 0.0 takes pictures as they are given, 0.1 scales them as the network was trained. */
export type LpipsVersion = '0.0' | '0.1'

/** What pictures are compared by; an `Lpips` is one. */
export interface PerceptualNetwork {
  /** Outputs of the activations for scaled pictures: [batch, h, w, channels] each. */
  activations(x: tf.Tensor): tf.Tensor[]
  /** Weights of the channels of each activation; undefined: each counts 1. */
  readonly linear: readonly tf.Tensor1D[] | undefined
  /** Subtracted from pictures in −1…1, by channel. */
  readonly shift: tf.Tensor1D
  /** Divided by, after that. */
  readonly scale: tf.Tensor1D
  /** Pixels a side of the smallest pictures that the network can look at. */
  readonly smallestSize: number
}

export interface DistanceOptions {
  /** The network, and the learned weights of its channels where there are any. */
  lpips: PerceptualNetwork
  /** Pictures are in 0…1 instead of −1…1. Default false. */
  normalize?: boolean
  /** Gives the map, too. Default false. */
  spatial?: boolean
  /** Default '0.1'. */
  version?: LpipsVersion
}

/** Tensors; the caller frees them. */
export type Distance = {
  /** [batch]: the sum of the layers. 0 is the same picture. */
  distance: tf.Tensor1D
  /** [batch, layers]: what each of the network's activations adds, from the first to the last. */
  layers: tf.Tensor2D
  /**
   * With `spatial`, [batch, height, width]: the distance at each pixel. Layers are enlarged bilinearly with pixel centres
   * in place (PyTorch's `align_corners=False`), so that its mean is near `distance` and not the same.
   */
  map?: tf.Tensor3D
}

/** Keeps a pixel whose channels are all 0 from a division by 0. */
const EPSILON = 1e-10
/** The least sum of squares whose root is taken: the slope of a root at 0 is infinite. */
const LEAST_SQUARE = 1e-30

/**
 * The perceptual distance of pictures, pair by pair: of each activation of the network the channels of each pixel are
 * divided by their length, squared differences are weighted by the learned weights (or, without them, added up), averaged
 * over space and added over the layers.
 *
 * Differentiable by both pictures: `tf.grad((x) => perceptualDistance(x, b, { lpips }).distance.sum())(a)`.
 *
 * @param a [batch, height, width, 3], red, green and blue in −1…1
 * @param b of the same shape
 * @throws OptionError on other shapes, on pictures too small for the network, on an unknown version
 */
export function perceptualDistance(
  a: tf.Tensor,
  b: tf.Tensor,
  { lpips, normalize = false, spatial = false, version = '0.1' }: DistanceOptions,
): Distance {
  requirePictures(a, b, lpips.smallestSize)
  if (version !== '0.0' && version !== '0.1') {
    throw new OptionError(`version must be '0.0' or '0.1', found ${JSON.stringify(version)}`)
  }
  const [, height = 0, width = 0] = a.shape
  return tf.tidy(() => {
    const prepare = (x: tf.Tensor) => {
      const signed = normalize ? tf.sub(tf.mul(x, 2), 1) : x
      return version === '0.0' ? signed : tf.div(tf.sub(signed, lpips.shift), lpips.scale)
    }
    const [ours, theirs] = [lpips.activations(prepare(a)), lpips.activations(prepare(b))]
    const layers: tf.Tensor[] = []
    let map: tf.Tensor | undefined
    for (const [index, features] of ours.entries()) {
      const difference = tf.square(tf.sub(unitLength(features), unitLength(theirs[index]!)))
      const weights = lpips.linear?.[index]
      const there = tf.sum(weights ? tf.mul(difference, weights) : difference, 3) // [batch, h, w]
      layers.push(tf.mean(there, [1, 2]))
      if (!spatial) continue
      const enlarged = enlarge(there as tf.Tensor3D, height, width)
      map = map ? tf.add(map, enlarged) : enlarged
    }
    const stacked = tf.stack(layers, 1) as tf.Tensor2D
    return {
      distance: tf.sum(stacked, 1) as tf.Tensor1D,
      layers: stacked,
      ...(map && { map: map as tf.Tensor3D }),
    }
  })
}

function unitLength(x: tf.Tensor): tf.Tensor {
  const squares = tf.sum(tf.square(x), 3, true)
  return tf.div(x, tf.add(tf.sqrt(tf.maximum(squares, LEAST_SQUARE)), EPSILON))
}

/** Bilinear interpolation as two products of matrices, whose gradient every backend has. */
function enlarge(map: tf.Tensor3D, height: number, width: number): tf.Tensor3D {
  const [batch, rows, columns] = map.shape
  const vertical = tf.tile(tf.expandDims(interpolation(rows, height), 0), [batch, 1, 1])
  const horizontal = tf.tile(tf.expandDims(interpolation(columns, width), 0), [batch, 1, 1])
  return tf.matMul(vertical, tf.matMul(map, horizontal, false, true)) as tf.Tensor3D
}

/** [to, from]: what each of `from` pixels gives to each of `to`, centres in place. */
function interpolation(from: number, to: number): tf.Tensor2D {
  const shares = new Float32Array(to * from)
  for (let pixel = 0; pixel < to; pixel++) {
    const place = Math.max(0, ((pixel + 0.5) * from) / to - 0.5)
    const first = Math.min(Math.floor(place), from - 1)
    const second = Math.min(first + 1, from - 1)
    shares[pixel * from + first]! += 1 - (place - first)
    shares[pixel * from + second]! += place - first
  }
  return tf.tensor2d(shares, [to, from])
}

function requirePictures(a: tf.Tensor, b: tf.Tensor, smallest: number): void {
  const [, height = 0, width = 0, channels] = a.shape
  if (a.rank !== 4 || channels !== 3 || a.shape.join() !== b.shape.join()) {
    throw new OptionError(
      `two batches of pictures of one shape [batch, height, width, 3] are compared, found [${a.shape}] and [${b.shape}]`,
    )
  }
  if (Math.min(height, width) >= smallest) return
  throw new OptionError(
    `pictures of ${width}×${height} pixels are too small for this network: enlarge them to ${smallest} a side or more`,
  )
}
