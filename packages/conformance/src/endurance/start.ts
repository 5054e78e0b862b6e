// Starts a backend without the self-check: its shaders would be compiled anew for each of many devices.

import type { StartedBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import type { TestedBackend } from '../kernels/backends.ts'

/** Makes the backend current. */
export async function start(backend: TestedBackend): Promise<StartedBackend> {
  const adapter = backend.adapter()
  const started = await adapter.start()
  await tf.setBackend(adapter.name)
  await tf.ready()
  return started
}

/** Gives its device back; tfjs's own backend is current afterwards. */
export async function stop(started: StartedBackend): Promise<void> {
  await started.stop?.()
  await tf.setBackend('cpu')
}
