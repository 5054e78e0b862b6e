// The loader on Node, and its worker threads.

import process from 'node:process'
import { Worker } from 'node:worker_threads'
import { createLoader, type Loader } from '../loader.ts'
import type { LoaderOptions } from '../loader-options.ts'
import type { Platform, WorkerHandle } from '../picture-source.ts'
import { WorkerPool } from '../worker-pool.ts'
import { nodePlatform } from './platform.ts'

/**
 * Makes a loader for one epoch.
 * @throws RangeError where an option is out of its range, or no batch would come of them.
 */
export function loader(options: LoaderOptions & { output: 'uint8' }): Loader<Uint8Array>
export function loader(options: LoaderOptions): Loader
export function loader(options: LoaderOptions): Loader<Float32Array | Uint8Array> {
  return createLoader(options, withWorkers)
}

/**
 * Makes workers that outlive an epoch, to be given to any number of loaders as `workers`; they start
 * with the first picture. `close()` ends them; left open, they do not keep a process alive.
 * @param size Number of workers, 1 to 256.
 */
export function createWorkerPool(size: number): WorkerPool {
  return new WorkerPool(size, withWorkers)
}

const withWorkers: Platform = { ...nodePlatform, startWorker }

/** Built, it is JavaScript; run from the sources, Node takes the types off itself. */
const workerFile = `./loader-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`

function startWorker(): WorkerHandle {
  // A program given on the command line has an option that a worker's file must not inherit.
  const isTyped = process.execArgv.some((option) => option.startsWith('--input-type'))
  const options = isTyped ? { execArgv: [] } : {}
  const worker = new Worker(new URL(workerFile, import.meta.url), options)
  let stopping = false
  let dead = false
  return {
    post: (message, transfer) => worker.postMessage(message, transfer ?? []),
    onMessage: (listen) => worker.on('message', listen),
    onDeath(listen) {
      const die = (reason: string) => {
        if (dead || stopping) return
        dead = true
        listen(reason)
      }
      worker.on('error', (error) => die((error as Error).message ?? String(error)))
      worker.on('exit', (code) => die(`exit code ${code}`))
    },
    keepAlive(busy) {
      // A last message may come while it is stopped, which has to be waited for.
      if (busy) worker.ref()
      else if (!stopping) worker.unref()
    },
    async stop() {
      stopping = true
      // A process with nothing else to do would end before the worker has, and whoever waits never go on.
      worker.ref()
      await worker.terminate()
    },
  }
}
