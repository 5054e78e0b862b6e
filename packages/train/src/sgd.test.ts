import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { Sgd, type SgdOptions } from './sgd.ts'

beforeAll(async () => {
  await useBackend([cpu()])
})

/** torch.optim.SGD 1.13, float64, on the same weights and gradients; the rate falls at the third step. */
const pytorch: [SgdOptions, number[][]][] = [
  [
    {},
    [
      [0.97, -1.72, 0.4725],
      [0.931773, -1.522912, 0.437941812],
      [0.927168397, -1.50867717, 0.433832089],
      [0.921589474, -1.49574443, 0.428761776],
    ],
  ],
  [
    { momentum: 0.9 },
    [
      [0.97, -1.72, 0.4725],
      [0.904773, -1.270912, 0.413191812],
      [0.894446727, -1.22118756, 0.403976073],
      [0.879752977, -1.16899647, 0.390886745],
    ],
  ],
  [
    { momentum: 0.9, weightDecay: 0.05 },
    [
      [0.965, -1.71, 0.47],
      [0.89073825, -1.245763, 0.406351],
      [0.879229079, -1.19449531, 0.396603082],
      [0.86311208, -1.14076941, 0.38290142],
    ],
  ],
  [
    { momentum: 0.9, weightDecay: 0.05, nesterov: true },
    [
      [0.9335, -1.449, 0.443],
      [0.827610682, -0.940087567, 0.354475459],
      [0.813263173, -0.898417832, 0.342787569],
      [0.794129614, -0.859217173, 0.326990478],
    ],
  ],
  [
    { weightDecay: 0.05 },
    [
      [0.965, -1.71, 0.47],
      [0.92223825, -1.506763, 0.433351],
      [0.917225561, -1.49211728, 0.429068601],
      [0.91124304, -1.47878632, 0.423828968],
    ],
  ],
]

describe('Sgd', () => {
  const backends = ['cpu', 'alexnet-cpu']
  const everywhere = pytorch.flatMap(([options, expected]) =>
    backends.map((backend) => [backend, options, expected] as const),
  )
  it.each(everywhere)(
    'on %s moves as torch.optim.SGD does with %o',
    async (backend, options, expected) => {
      await tf.setBackend(backend)
      const weight = tf.variable(tf.tensor1d([1, -2, 0.5]))
      const optimizer = new Sgd({ ...options, learningRate: 0.1 })
      for (const [index, row] of expected.entries()) {
        if (index === 2) optimizer.learningRate = 0.01
        const gradient = tf.tidy(() =>
          tf.add(tf.mul(tf.square(weight), tf.tensor1d([0.3, -0.7, 1.1])), 0.1 * index),
        )
        optimizer.step(new Map([['w', weight]]), { w: gradient })
        const values = [...weight.dataSync()]
        for (const [place, value] of row.entries()) expect(values[place]).toBeCloseTo(value, 6)
      }
    },
  )

  it.each(backends)(
    "on %s follows the paper's rule, the rate inside the velocity",
    async (backend) => {
      await tf.setBackend(backend)
      const start = [1, -2, 0.5]
      const weight = tf.variable(tf.tensor1d(start))
      const optimizer = new Sgd({ momentum: 0.9, weightDecay: 0.05, rateInVelocity: true })
      const w = [...start]
      const v = [0, 0, 0]
      const gradient = [0.4, -0.3, 0.2]
      for (const rate of [0.1, 0.1, 0.01, 0.01]) {
        optimizer.learningRate = rate
        optimizer.step(new Map([['w', weight]]), { w: tf.tensor1d(gradient) })
        for (const at of w.keys()) {
          // Section 5: v ← 0.9 · v − decay · ε · w − ε · ∂L/∂w; w ← w + v
          v[at] = 0.9 * v[at]! - 0.05 * rate * w[at]! - rate * gradient[at]!
          w[at]! += v[at]!
        }
        const found = [...weight.dataSync()]
        for (const [at, value] of w.entries()) expect(found[at]).toBeCloseTo(value, 6)
      }
    },
  )

  it('leaves no tensor behind but its momentum buffers, and frees those', () => {
    const weight = tf.variable(tf.ones([3]))
    const gradient = tf.ones([3])
    const before = tf.memory().numTensors
    const optimizer = new Sgd({ momentum: 0.9, weightDecay: 0.1, nesterov: true })
    for (let step = 0; step < 3; step++) optimizer.step(new Map([['w', weight]]), { w: gradient })
    expect(tf.memory().numTensors).toBe(before + 1)
    optimizer.restore({
      slots: new Map([['velocity', new Map([['w', tf.zeros([3])]])]]),
      counts: {},
    })
    optimizer.dispose()
    expect(tf.memory().numTensors).toBe(before + 1) // the zeros given to restore stay their maker's
  })

  it('refuses values out of range', () => {
    expect(() => new Sgd({ learningRate: -1 })).toThrow(/learningRate must be ≥ 0, not -1/)
    expect(() => new Sgd({ momentum: 1 })).toThrow(/momentum/)
    expect(() => new Sgd({ weightDecay: Number.NaN })).toThrow(/weightDecay/)
    expect(() => new Sgd({ nesterov: true })).toThrow(/nesterov needs a momentum/)
    expect(() => new Sgd({ nesterov: true, momentum: 0.9, rateInVelocity: true })).toThrow(
      /together/,
    )
    expect(() => new Sgd().step(new Map([['w', tf.variable(tf.ones([1]))]]), {})).toThrow(/'w'/)
  })
})
