// Every kernel suite, and what holds a backend to them; `cpu.test.ts`, `webgpu.test.ts` and their like call
// it once a backend, in Node or in a page.

import { useBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest'
import type { Suite, TestedBackend } from './backends.ts'
import { batchNormalization } from './batch-normalization.ts'
import { beginComparisons, worstError } from './compare.ts'
import { comparison } from './comparison.ts'
import { convolution } from './convolution.ts'
import { copies } from './copy.ts'
import { depthwise } from './depthwise.ts'
import { edges } from './edges.ts'
import { elementwise } from './elementwise.ts'
import { matrixProduct } from './matrix-product.ts'
import { normalization } from './normalization.ts'
import { pooling } from './pooling.ts'
import { quantizedProduct } from './quantized-product.ts'
import { range } from './range.ts'
import { rearranging } from './rearranging.ts'
import { reduction } from './reduction.ts'
import { resizing } from './resizing.ts'
import { softmax } from './softmax.ts'
import { training } from './training.ts'

/** By the operation's name. */
export const suites: Record<string, Suite> = {
  convolution,
  'matrix product': matrixProduct,
  'quantised matrix product': quantizedProduct,
  pooling,
  'local response normalisation': normalization,
  elementwise,
  'sum and mean': reduction,
  copies,
  edges,
  'ends of the range': range,
  training,
}

/** Operations of other networks, for backends whose own kernels do them. */
export const suitesOfOtherNetworks: Record<string, Suite> = {
  'depthwise convolution': depthwise,
  'batch normalisation': batchNormalization,
  resizing,
  comparison,
  rearranging,
  softmax,
}

declare module 'vitest' {
  interface TaskMeta {
    /** The largest relative error that the test's comparisons found. */
    worstError?: number
    /** What the backend ran on. */
    device?: string
  }
}

/** Runs every kernel suite on a backend. */
export const holdToSuites = (backend: TestedBackend) =>
  holdTo(backend, backend.otherNetworks ? { ...suites, ...suitesOfOtherNetworks } : suites)

/**
 * Runs suites on a backend, started before them and removed after them. Each test leaves its worst error
 * with itself, under the backend's name and the operation's: what the command `conformance` reports.
 */
export function holdTo(backend: TestedBackend, operations: Record<string, Suite>): void {
  describe(backend.name, () => {
    const adapter = backend.adapter()
    let device = ''
    beforeAll(async () => {
      device = (await useBackend([adapter])).device
    })
    afterAll(() => {
      // tfjs's own stay: others copy their kernels, and they cannot be registered anew.
      if (adapter.name.startsWith('alexnet')) tf.removeBackend(adapter.name)
    })
    beforeEach(beginComparisons)
    afterEach(({ task }) => {
      Object.assign(task.meta, { worstError: worstError(), device })
    })
    for (const [operation, suite] of Object.entries(operations)) {
      describe(operation, () => suite(backend))
    }
  })
}
