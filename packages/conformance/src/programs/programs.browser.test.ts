// Random programs on the GPU backends of a page; `CONFORMANCE=thorough` runs a thousand on each.

import { useBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import { expect, it } from 'vitest'
import { webglBackend, webgpuBackend } from '../kernels/browser-backends.ts'
import { thorough } from '../thorough.ts'
import { comparePrograms, onGPU } from './compare.ts'

const count = thorough ? 1000 : 30

it.each([webglBackend, webgpuBackend])(`${count} random programs on $name`, async ({ adapter }) => {
  const { name } = await useBackend([adapter()])
  expect(await comparePrograms(name, { first: 1, count }, onGPU)).toEqual([])
  tf.removeBackend(name)
})
