// Starts the CPU backend for a command.

import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'

/** How a command uses the machine, as its options say. */
export interface EngineOptions {
  /** CPU threads; all cores where it is left out. */
  threads?: number
  /** Lets V8 use 256-bit vectors. Default false. */
  widen?: boolean
}

/** Starts the backend that the options ask for. */
export async function startBackend({ threads, widen = false }: EngineOptions = {}) {
  return useBackend([cpu({ widen, ...(threads !== undefined && { threads }) })])
}
