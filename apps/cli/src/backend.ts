// Starts the backend that a command computes on: the processor, or a GPU through WebGPU.

import { NoBackendError, useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { warn } from './pictures.ts'
import { UsageError } from './terminal/errors.ts'

/** What `--backend` takes. */
export const backendNames = ['cpu', 'webgpu'] as const

/** How a command uses the machine, as its options say. */
export interface EngineOptions {
  /** Default 'cpu'. */
  backend?: (typeof backendNames)[number]
  /** CPU threads; all cores where it is left out. */
  threads?: number
  /** Lets V8 use 256-bit vectors. Default: where the engine's version is among those that were tested so. */
  widen?: boolean
}

/**
 * Starts the backend that the options ask for.
 *
 * @throws UsageError when an option of the CPU is given with another backend
 * @throws Error that says why, when there is no GPU that WebGPU can use
 */
export async function startBackend({ backend = 'cpu', threads, widen }: EngineOptions = {}) {
  if (backend === 'cpu') {
    // Whatever fails the self-check with joined vectors runs without.
    const attempts = widen === false ? [false] : [widen ?? ('tested' as const), false]
    const active = await useBackend(attempts.map((each) => cpu({ widen: each, threads })))
    for (const { reason } of active.skipped) warn(`256-bit vectors are left out: ${reason}`)
    if (widen && active.skipped.length === 0 && !active.features.includes('widened')) {
      warn(`--widen does nothing here: it is for V8 from 12 on (Node 22) on x86-64`)
    }
    return active
  }
  if (threads !== undefined || widen !== undefined) {
    const option = widen === undefined ? '--threads' : widen ? '--widen' : '--no-widen'
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
