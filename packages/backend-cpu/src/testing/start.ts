// What this package's own tests share. Whether kernels compute the right numbers is not tested here but
// in the conformance package, on every backend alike.

import { useBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import { type CpuOptions, cpu } from '../index.ts'

/** Starts the backend afresh, so that tests of one file can ask for different options. */
export async function useCpu(options: CpuOptions = {}): Promise<void> {
  const name = options.name ?? 'alexnet-cpu'
  if (tf.findBackendFactory(name)) tf.removeBackend(name)
  await useBackend([cpu(options)])
}

/** Uniform numbers in [-1, 1) from a seed (xorshift). */
export function randoms(count: number, seed: number): Float32Array {
  let state = (seed * 2654435761) >>> 0 || 1
  return Float32Array.from({ length: count }, () => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 2 ** 31 - 1
  })
}

/** Runs f in a tidy and returns its tensor's values. */
export function values(f: () => tf.Tensor): Float32Array {
  return tf.tidy(() => f().dataSync() as Float32Array)
}
