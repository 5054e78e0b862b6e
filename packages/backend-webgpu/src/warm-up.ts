// Compiles shaders ahead of their first use. A pipeline is compiled when its operation first runs, one after
// the other, seconds in all for AlexNet; done ahead, drivers compile side by side and a program can show how
// far it is.

import * as tf from '@tensorflow/tfjs'
import type { AlexNetWebGPUBackend } from './backend.ts'

export interface WarmUpOptions {
  /** Told after each pipeline that is ready. */
  onProgress?: (progress: { compiled: number; programs: number }) => void
}

/**
 * Compiles every pipeline that `run` needs, without computing anything: what `run` returns holds no values,
 * so it must not read any. Its tensors are disposed.
 *
 * @param run e.g. `() => model.predict(tf.zeros([1, 227, 227, 3]))`, or a gradient for training
 * @returns how many pipelines were compiled
 * @throws Error when the current backend is not of this package, or a shader does not compile
 */
export async function warmUp(run: () => unknown, options: WarmUpOptions = {}): Promise<number> {
  const backend = tf.backend() as unknown as Partial<AlexNetWebGPUBackend> & AlexNetWebGPUBackend
  if (backend.undoOnError === undefined || backend.pipelineCache === undefined) {
    throw new Error(
      `warmUp: the current backend is '${tf.getBackend()}', not one of webgpu() from @alexnet/backend-webgpu`,
    )
  }
  tf.env().set('WEBGPU_ENGINE_COMPILE_ONLY', true)
  tf.engine().startScope('warm-up')
  try {
    run()
  } finally {
    tf.engine().endScope()
    tf.env().set('WEBGPU_ENGINE_COMPILE_ONLY', false)
  }
  const pending = Object.entries(backend.pipelineCache).filter(
    (entry): entry is [string, Promise<GPUComputePipeline>] => entry[1] instanceof Promise,
  )
  let compiled = 0
  await Promise.all(
    pending.map(async ([key, pipeline]) => {
      try {
        backend.pipelineCache[key] = await pipeline
      } catch (error) {
        delete backend.pipelineCache[key]
        throw error
      }
      compiled++
      options.onProgress?.({ compiled, programs: pending.length })
    }),
  )
  return pending.length
}
