// Starts the backend that a command computes on: the processor, or a GPU through WebGPU.

import { NoBackendError, useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { UsageError } from './terminal/errors.ts'

/** What `--backend` takes. */
export const backendNames = ['cpu', 'webgpu'] as const

/** How a command uses the machine, as its options say. */
export interface EngineOptions {
  /** Default 'cpu'. */
  backend?: (typeof backendNames)[number]
  /** CPU threads; all cores where it is left out. */
  threads?: number
  /** Lets V8 use 256-bit vectors. Default false. */
  widen?: boolean
}

/**
 * Starts the backend that the options ask for.
 *
 * @throws UsageError when an option of the CPU is given with another backend
 * @throws Error that says why, when there is no GPU that WebGPU can use
 */
export async function startBackend({
  backend = 'cpu',
  threads,
  widen = false,
}: EngineOptions = {}) {
  if (backend === 'cpu') {
    return useBackend([cpu({ widen, threads })])
  }
  if (threads !== undefined || widen) {
    const option = widen ? '--widen' : '--threads'
    throw new UsageError(`${option} is about the processor: leave it out with --backend ${backend}`)
  }
  // Its packages are loaded by those alone who ask for it.
  const { webgpu } = await import('@alexnet/backend-webgpu/node')
  try {
    return await useBackend([webgpu({ software: process.env.ALEXNET_WEBGPU_SOFTWARE === '1' })])
  } catch (error) {
    if (!(error instanceof NoBackendError)) throw error
    throw new Error(`--backend webgpu: ${error.skipped[0]?.reason}`)
  }
}
