import { readFileSync } from 'node:fs'
import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { perceptualDistance } from './distance.ts'
import type { Lpips } from './lpips.ts'
import { type Fixture, lpipsOf } from './testing/cases.ts'
import { holdTo } from './testing/suite.ts'

const { cases }: Fixture = JSON.parse(
  readFileSync(new URL('../fixtures/distances.json', import.meta.url), 'utf8'),
)
holdTo('the CPU', cpu, cases)

describe('perceptualDistance', () => {
  let lpips: Lpips
  beforeAll(async () => {
    await useBackend([cpu()])
    lpips = lpipsOf({ weights: 'random', linear: 'random' })
  })
  afterAll(() => lpips.dispose())

  it('has the gradient that small steps have', async () => {
    const [a, b] = [tf.randomUniform([1, 64, 64, 3], -1, 1, 'float32', 3), tf.zeros([1, 64, 64, 3])]
    const of = (x: tf.Tensor) => perceptualDistance(x as tf.Tensor4D, b as tf.Tensor4D, { lpips })
    const slope = tf.grad((x) => tf.sum(of(x).distance))(a)
    const direction = tf.div(slope, tf.norm(slope))
    const step = 1e-2
    const [after, before] = [step, -step].map((by) => of(tf.add(a, tf.mul(direction, by))).distance)
    const numeric = ((await after!.data())[0]! - (await before!.data())[0]!) / (2 * step)
    const length = (await tf.norm(slope).data())[0]!
    expect(Math.abs(numeric - length) / length).toBeLessThan(1e-2)
  })

  it('is 0 with a finite gradient for two times the same picture, flat and black ones too', async () => {
    for (const x of [tf.fill([1, 64, 64, 3], -1), tf.randomUniform([1, 64, 64, 3], -1, 1)]) {
      const picture = x as tf.Tensor4D
      const { distance } = perceptualDistance(picture, picture, { lpips })
      expect((await distance.data())[0]).toBe(0)
      const slope = tf.grad((y) =>
        tf.sum(perceptualDistance(y as tf.Tensor4D, tf.zerosLike(picture), { lpips }).distance),
      )(picture)
      expect((await slope.data()).every(Number.isFinite)).toBe(true)
    }
  })

  it('grows with noise, and does not mind which picture comes first', async () => {
    const picture = tf.randomUniform([1, 64, 64, 3], -0.5, 0.5, 'float32', 1) as tf.Tensor4D
    const noise = tf.randomUniform([1, 64, 64, 3], -1, 1, 'float32', 2)
    const distances: number[] = []
    for (const amount of [0.02, 0.1, 0.5]) {
      const noisy = tf.add(picture, tf.mul(noise, amount)) as tf.Tensor4D
      const [there, back] = [
        perceptualDistance(picture, noisy, { lpips }).distance,
        perceptualDistance(noisy, picture, { lpips }).distance,
      ]
      distances.push((await there.data())[0]!)
      expect((await back.data())[0]).toBeCloseTo(distances.at(-1)!, 6)
    }
    expect(distances).toEqual([...distances].sort((x, y) => x - y))
  })

  it('says what cannot be compared', () => {
    const zeros = (...shape: [number, number, number, number]) => tf.zeros(shape) as tf.Tensor4D
    const compare = (a: tf.Tensor4D, b: tf.Tensor4D, options = {}) =>
      perceptualDistance(a, b, { lpips, ...options })
    expect(() => compare(zeros(1, 64, 64, 3), zeros(1, 64, 65, 3))).toThrow(
      'found [1,64,64,3] and [1,64,65,3]',
    )
    expect(() => compare(zeros(1, 64, 64, 4), zeros(1, 64, 64, 4))).toThrow(
      '[batch, height, width, 3]',
    )
    expect(() => compare(zeros(1, 64, 20, 3), zeros(1, 64, 20, 3))).toThrow(
      'pictures of 20×64 pixels are too small for this network: enlarge them to 31 a side or more',
    )
    const picture = zeros(1, 64, 64, 3)
    expect(() => compare(picture, picture, { version: '0.2' })).toThrow(
      "version must be '0.0' or '0.1'",
    )
  })
})
