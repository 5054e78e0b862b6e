// The page's side of the workers: starting one, and what a call to it looks like.
import { type Remote, releaseProxy, wrap } from 'comlink'
import type { Mapper } from './engine/map-worker.ts'
import type { Jobs } from './engine/worker.ts'

/** A running worker. */
export interface Client<Job extends keyof Jobs> {
  job: Remote<Jobs[Job]>
  /** Ends it at once, whatever it is doing. */
  stop(): void
}

/** Starts a worker for a job; `onCrash` is called when its script fails or runs out of memory. */
export function startWorker<Job extends keyof Jobs>(
  job: Job,
  onCrash: (reason: string) => void,
): Client<Job> {
  const worker = new Worker(new URL('./engine/worker.ts', import.meta.url), { type: 'module' })
  worker.onerror = (event) => onCrash(event.message || 'the worker could not be started')
  const jobs = wrap<Jobs>(worker)
  return {
    // Comlink follows properties, which its types do not say.
    job: jobs[job] as unknown as Remote<Jobs[Job]>,
    stop() {
      jobs[releaseProxy]()
      worker.terminate()
    },
  }
}

/** Starts the worker that places pictures on a map: a small one, without TensorFlow.js. */
export function startMapper(onCrash: (reason: string) => void): {
  job: Remote<Mapper>
  stop(): void
} {
  const worker = new Worker(new URL('./engine/map-worker.ts', import.meta.url), { type: 'module' })
  worker.onerror = (event) => onCrash(event.message || 'the worker could not be started')
  const job = wrap<Mapper>(worker)
  return {
    job,
    stop() {
      job[releaseProxy]()
      worker.terminate()
    },
  }
}
