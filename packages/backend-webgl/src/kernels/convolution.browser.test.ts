// Whether convolutions run by this package's own programs, which right numbers alone do not show: tfjs's give the
// same. What they compute is tested in the conformance package.

import { useBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { webgl } from '../index.ts'
import type { TfjsWebGL } from '../tfjs-webgl.ts'

/** The inputs of each program that ran, but for those that only lay tensors out anew. */
function programsOf(run: () => tf.Tensor | tf.Tensor[]): string[] {
  const ran = vi.spyOn(tf.backend() as unknown as TfjsWebGL, 'runWebGLProgram')
  try {
    tf.tidy(run)
    return ran.mock.calls.map(([program]) => program.variableNames.join()).filter((n) => n !== 'A')
  } finally {
    ran.mockRestore()
  }
}

describe('convolutions run by programs of our own', () => {
  let [x, filter] = [] as unknown as [tf.Tensor4D, tf.Tensor4D]
  const bias = () => tf.zeros([6]) as tf.Tensor1D
  beforeAll(async () => {
    await useBackend([webgl({ software: true })])
    ;[x, filter] = [tf.ones([1, 9, 9, 4]), tf.ones([3, 3, 4, 6])]
  })
  afterAll(() => tf.removeBackend('alexnet-webgl'))

  it('by tf.fused.conv2d', () => {
    for (const activation of ['linear', 'relu', 'relu6'] as const) {
      const run = () =>
        tf.fused.conv2d({ x, filter, strides: 1, pad: 'same', bias: bias(), activation })
      expect(programsOf(run)).toEqual(['x,weight,bias'])
    }
  })

  it('by tf.conv2d and its gradients', () => {
    const convolve = (a: tf.Tensor, b: tf.Tensor) =>
      tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, 'same')
    const dy = tf.ones([1, 9, 9, 6])
    const all = programsOf(() => tf.grads(convolve)([x, filter], dy))
    expect(all.sort()).toEqual(['dy,weight', 'x,dy', 'x,weight'])
    dy.dispose()
  })

  it('by GroupedConv2D, with a bias and without', () => {
    const window = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dilations: [1, 1] }
    const half = tf.ones([3, 3, 2, 8])
    const run = (more: object) =>
      tf.engine().runKernel('GroupedConv2D', { x, filter: half, ...more } as tf.NamedTensorMap, {
        ...window,
        groups: 2,
      }) as tf.Tensor
    expect(programsOf(() => run({ bias: tf.zeros([8]) }))).toEqual(['x,weight,bias'])
    expect(programsOf(() => run({ bias: undefined }))).toEqual(['x,weight'])
    // One channel a group: cut apart, each part by the same programs.
    const odd = tf.ones([3, 3, 1, 4])
    const apart = tf
      .engine()
      .runKernel(
        'GroupedConv2D',
        { x, filter: odd, bias: undefined } as unknown as tf.NamedTensorMap,
        {
          ...window,
          groups: 4,
        },
      ) as tf.Tensor
    expect(apart.shape).toEqual([1, 9, 9, 4])
    tf.dispose([half, odd, apart])
  })
})
