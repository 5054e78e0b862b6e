// The backends that the page knows, fastest first, and starting one in a worker.
import { type BackendAdapter, useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { webgl } from '@alexnet/backend-webgl'
import { webgpu } from '@alexnet/backend-webgpu'
import type { BackendChoice, BackendInfo, BackendName } from './protocol.ts'

/** A device of half precision is good for the one and not for the other. */
export type Purpose = 'inference' | 'training'

/**
 * The adapters of a backend. A GPU's driver that renders on the processor is passed over unless the user
 * asked for this very backend.
 */
const adapters: Record<BackendName, (asked: boolean, purpose: Purpose) => BackendAdapter> = {
  cpu: () => cpu(),
  webgl: (asked, purpose) => webgl({ software: asked, purpose }),
  webgpu: (asked) => webgpu({ software: asked }),
}

const fastestFirst: readonly BackendName[] = ['webgpu', 'webgl', 'cpu']

/** The adapter of a backend that the user asked for. */
export const adapterOf = (name: BackendName, purpose: Purpose) => adapters[name](true, purpose)

/** Starts what was picked. @throws NoBackendError that says why it cannot be used */
export async function startBackend(
  choice: BackendChoice,
  onLost: (reason: string) => void,
  purpose: Purpose = 'inference',
): Promise<BackendInfo> {
  const chosen =
    choice === 'auto'
      ? fastestFirst.map((name) => adapters[name](false, purpose))
      : [adapterOf(choice, purpose)]
  const { name, device, features, skipped, lost } = await useBackend(chosen)
  lost.then((error) => onLost(error.message))
  return { name, device, features, skipped }
}
