// The three backends of a page, started without the self-check: its shaders would be compiled for each of
// many contexts.

import type { BackendAdapter, StartedBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { webgl } from '@alexnet/backend-webgl'
import { webgpu } from '@alexnet/backend-webgpu'
import * as tf from '@tensorflow/tfjs'
import { inject } from 'vitest'

/** Whether to do all that is promised, or a share of it that fits among the tests. */
export const thorough: boolean = inject('thorough')

export const adapters: Record<string, () => BackendAdapter> = {
  cpu: () => cpu({ threads: 2 }),
  webgl: () => webgl({ software: true }),
  webgpu: () => webgpu({ software: true }),
}

export async function start(name: string): Promise<StartedBackend> {
  const adapter = adapters[name]!()
  const started = await adapter.start()
  await tf.setBackend(adapter.name)
  await tf.ready()
  return started
}
