// The backends that the kernel suite is run on, and what each declares of itself. A backend is added
// here and nowhere else; where it may differ, its entry says so and the tests hold it to what it says.

import { type BackendAdapter, tfjsCpu, useBackend } from '@alexnet/backend'
import { type CpuOptions, cpu } from '@alexnet/backend-cpu'
import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe } from 'vitest'

export interface TestedBackend {
  name: string
  adapter: () => BackendAdapter
  /** False for one too slow for AlexNet's own shapes: it gets the small random ones. */
  fast: boolean
  /**
   * Largest error of a convolution relative to its answer's largest value, where it is more than
   * float32 sums have: Winograd's method trades accuracy for multiplications.
   */
  convolutionBound?: number
  /** Why the gradient of average pooling is wrong at padded borders, and how. */
  averagePoolingGradient?: 'divides by the whole window'
  /** What is wrong with products whose batches broadcast against each other along different axes. */
  crossedBatches?: 'takes batches in turn'
}

/** Winograd F(4×4,3×3) and F(2×2,5×5) in float32. */
const winogradBound = 2e-5

function ours(options: CpuOptions): TestedBackend {
  const { build, threads, winograd = true } = options
  const name = `alexnet-${build}-${threads}${winograd ? '' : '-direct'}`
  return {
    name,
    adapter: () => cpu({ ...options, name }),
    fast: true,
    ...(winograd && { convolutionBound: winogradBound }),
  }
}

export const backends: TestedBackend[] = [
  ours({ build: 'simd', threads: 1 }),
  ours({ build: 'simd', threads: 2, winograd: false }),
  ours({ build: 'relaxed-simd', threads: 1, winograd: false }),
  ours({ build: 'relaxed-simd', threads: 2 }),
  {
    name: 'tfjs-cpu',
    adapter: tfjsCpu,
    fast: false,
    averagePoolingGradient: 'divides by the whole window',
    crossedBatches: 'takes batches in turn',
  },
]

/** Runs a suite once on every backend, started before it and removed after it. */
export function onEveryBackend(what: string, suite: (backend: TestedBackend) => void): void {
  describe.each(backends)(`${what}, $name`, (backend) => {
    const adapter = backend.adapter()
    beforeAll(async () => {
      await useBackend([adapter])
    })
    afterAll(() => {
      // tfjs's own stays: others copy its kernels, and it cannot be registered anew.
      if (adapter.name !== 'cpu') tf.removeBackend(adapter.name)
    })
    suite(backend)
  })
}
