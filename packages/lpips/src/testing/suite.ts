// What every backend is held to: the distances, maps and gradients that PyTorch gives in float64. For tests only.

import { type BackendAdapter, useBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { perceptualDistance } from '../distance.ts'
import { type DistanceCase, lpipsOf, picturesOf } from './cases.ts'

/** Largest difference from PyTorch's, of distances, of their parts and maps; relative where these are above 1. */
const TOLERANCE = 1e-5

/** The cases that software drivers of GPUs are held to. */
export const isQuick = (name: string) => ['random', 'structured, plain'].includes(name)

/** Declares the tests of some cases on a backend. */
export function holdTo(
  name: string,
  adapter: () => BackendAdapter,
  cases: readonly DistanceCase[],
) {
  describe(`the formula in PyTorch, on ${name}`, () => {
    beforeAll(async () => {
      await useBackend([adapter()])
    })

    it.each(cases)('$name', async (given) => {
      const before = tf.memory().numTensors
      const lpips = lpipsOf(given)
      const [a, b] = picturesOf(given)
      const { normalize, version, gradient } = given
      const found = perceptualDistance(a, b, { lpips, normalize, version, spatial: true })
      expect(error(await found.distance.data(), given.distance)).toBeLessThan(TOLERANCE)
      expect(error(await found.layers.data(), given.layers)).toBeLessThan(TOLERANCE)
      expect(found.map!.shape).toEqual(given.shape)
      const map = await found.map!.data()
      const atPlaces = given.map.at.map((place) => map[place]!)
      expect(error(atPlaces, given.map.values)).toBeLessThan(TOLERANCE)
      if (gradient) {
        const options = { lpips, normalize, version }
        const slope = tf.grad((x) =>
          tf.sum(perceptualDistance(x as tf.Tensor4D, b, options).distance),
        )(a)
        const values = await slope.data()
        const sampled = gradient.at.map((place) => values[place]!)
        expect(error(sampled, gradient.values, gradient.largest)).toBeLessThan(TOLERANCE)
        slope.dispose()
      }
      tf.dispose([a, b, { ...found }])
      lpips.dispose()
      expect(tf.memory().numTensors).toBe(before)
    })
  })
}

/** Largest difference, relative to `scale`: the largest expected number, if that is above 1. */
export function error(
  found: ArrayLike<number>,
  expected: readonly number[],
  scale = Math.max(1, ...expected),
): number {
  expect(found.length).toBe(expected.length)
  const differences = expected.map((value, i) => Math.abs(found[i]! - value))
  return Math.max(...differences) / scale
}
