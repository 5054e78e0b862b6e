// What this package's own tests share. Whether kernels compute the right numbers is not tested here but in
// the conformance package, on every backend alike.

import process from 'node:process'
import { type ActiveBackend, useBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import { inspectWebGPU, type WebGPUOptions, webgpu } from '../node.ts'

const report = await inspectWebGPU({ software: true })

/** Why nothing here can run, or undefined. */
export const missing = report.available ? undefined : report.reason
if (missing && process.env.REQUIRE_DEVICES)
  throw new Error(`REQUIRE_DEVICES skips no backend: ${missing}`)

/** Starts the backend afresh, on a GPU or on a software driver. */
export async function useWebGPU(options: WebGPUOptions = {}): Promise<ActiveBackend> {
  const name = options.name ?? 'alexnet-webgpu'
  if (tf.findBackendFactory(name)) tf.removeBackend(name)
  return useBackend([webgpu({ software: true, ...options })])
}

/** The device under the current backend. */
export const device = () => (tf.backend() as unknown as { device: GPUDevice }).device

/** Numbers in [-1, 1) from a seed (xorshift). */
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
