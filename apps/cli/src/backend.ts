// Starts the CPU backend for a command.

import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'

/** @param threads CPU threads; all cores where it is left out. */
export async function startBackend({ threads }: { threads?: number } = {}) {
  return useBackend([cpu(threads === undefined ? {} : { threads })])
}
