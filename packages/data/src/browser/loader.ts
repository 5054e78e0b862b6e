// The loader in browsers, and its Web Workers.

import { createLoader, type Loader } from '../loader.ts'
import type { LoaderOptions } from '../loader-options.ts'
import type { Platform, WorkerHandle } from '../picture-source.ts'
import { WorkerPool } from '../worker-pool.ts'
import { browserPlatform } from './platform.ts'

/**
 * Makes a loader for one epoch.
 * @throws RangeError where an option is out of its range, or no batch would come of them.
 */
export function loader(options: LoaderOptions & { output: 'uint8' }): Loader<Uint8Array>
export function loader(options: LoaderOptions): Loader
export function loader(options: LoaderOptions): Loader<Float32Array | Uint8Array> {
  return createLoader(options, withWorkers())
}

/**
 * Makes workers that outlive an epoch, to be given to any number of loaders as `workers`; they start
 * with the first picture. `close()` ends them; left open, they do not keep a process alive.
 * @param size Number of workers, 1 to 256.
 */
export function createWorkerPool(size: number): WorkerPool {
  return new WorkerPool(size, withWorkers())
}

/** A page, which may start workers. */
function withWorkers(): Platform {
  return { ...browserPlatform, startWorker }
}

function startWorker(): WorkerHandle {
  // Bundlers find the worker by this very expression.
  const worker = new Worker(new URL('./loader-worker.js', import.meta.url), { type: 'module' })
  return {
    post: (message, transfer) => worker.postMessage(message, [...(transfer ?? [])]),
    onMessage: (listen) => worker.addEventListener('message', ({ data }) => listen(data)),
    onDeath(listen) {
      worker.addEventListener(
        'error',
        ({ message }) => {
          worker.terminate()
          listen(message || 'it could not be started')
        },
        { once: true },
      )
    },
    keepAlive() {},
    async stop() {
      worker.terminate()
    },
  }
}
