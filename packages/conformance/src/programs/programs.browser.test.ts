// A share of the random programs on the GPU backends of a page; `CONFORMANCE=thorough` runs a thousand on each.

import { useBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import { afterEach, expect, it } from 'vitest'
import { webglBackend, webgpuBackend } from '../kernels/browser-backends.ts'
import { thorough } from '../thorough.ts'
import { comparePrograms, onGPU, onWebGL } from './compare.ts'

const count = thorough ? 1000 : 20

afterEach(() => tf.removeBackend(tf.getBackend()))

it.each([
  { backend: webglBackend, bounds: onWebGL },
  { backend: webgpuBackend, bounds: onGPU },
])(`${count} random programs on $backend.name`, async ({ backend, bounds }) => {
  const { name } = await useBackend([backend.adapter()])
  const found = await comparePrograms(name, { first: 1, count }, bounds)
  await tf.setBackend(name)
  expect(found).toEqual([])
})
