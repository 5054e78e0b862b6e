// A few of the random programs on WebGPU: a software driver compiles a shader for each shape.

import { useBackend } from '@alexnet/backend'
import { webgpu } from '@alexnet/backend-webgpu/node'
import * as tf from '@tensorflow/tfjs'
import { afterAll, expect, it } from 'vitest'
import { onDawn } from '../kernels/dawn-backend.ts'
import { comparePrograms } from './compare.ts'

onDawn(() => {
  afterAll(() => tf.removeBackend('alexnet-webgpu'))

  it('40 random programs give what they give on tfjs cpu', async () => {
    const { name } = await useBackend([webgpu({ software: true })])
    expect(await comparePrograms(name, { first: 1, count: 40 }, 1e-4)).toEqual([])
  })
})
