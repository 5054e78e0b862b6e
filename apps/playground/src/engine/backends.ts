// The backends that the page knows, fastest first, and starting one in a worker.
import { type BackendAdapter, NoBackendError, useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { webgl } from '@alexnet/backend-webgl'
import { webgpu } from '@alexnet/backend-webgpu'
import {
  type BackendChoice,
  type BackendInfo,
  type BackendName,
  backendTitles,
} from './protocol.ts'

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

/** Starts what was picked. @throws Error that says why it cannot be used and what to do */
export async function startBackend(
  choice: BackendChoice,
  onLost: (reason: string) => void,
  purpose: Purpose = 'inference',
): Promise<BackendInfo> {
  const chosen =
    choice === 'auto'
      ? fastestFirst.map((name) => adapters[name](false, purpose))
      : [adapters[choice](true, purpose)]
  const { name, device, features, skipped, lost } = await useBackend(asked(chosen)).catch(
    (error) => {
      throw choice !== 'auto' && error instanceof NoBackendError ? unusable(choice, error) : error
    },
  )
  lost.then((error) => onLost(error.message))
  return { name, device, features, skipped }
}

/** The same adapters, all asked at once whether they are supported: drivers take their time to answer. */
function asked(adapters: readonly BackendAdapter[]): BackendAdapter[] {
  return adapters.map((adapter) => {
    const supported = adapter.isSupported()
    // Told when its turn comes.
    supported.catch(() => {})
    return { ...adapter, isSupported: () => supported }
  })
}

function unusable(choice: BackendName, { skipped }: NoBackendError): Error {
  const reason = skipped[0]?.reason.replace('not supported: ', '')
  return new Error(
    `${backendTitles[choice]} cannot be used here (${reason}): choose another backend`,
  )
}
