// Compiles shaders ahead of their first use. WebGL compiles a program for each operation and shape when it
// first runs, seconds in all for AlexNet, during which a page stands still; done ahead, drivers compile in
// parallel and a page can show how far it is.

import * as tf from '@tensorflow/tfjs'
import type { AlexNetWebGLBackend } from './backend.ts'

export interface WarmUpOptions {
  /** Told after each program that is ready. */
  onProgress?: (progress: { compiled: number; programs: number }) => void
}

/**
 * Compiles every program that `run` needs, without computing anything: what `run` returns holds no values,
 * so it must not read any. Its tensors are disposed.
 *
 * @param run e.g. `() => model.predict(tf.zeros([1, 227, 227, 3]))`, or a gradient for training
 * @returns how many programs were compiled
 * @throws Error when the current backend is not of this package, or a program does not compile
 */
export async function warmUp(run: () => unknown, options: WarmUpOptions = {}): Promise<number> {
  const backend = tf.backend() as unknown as Partial<AlexNetWebGLBackend> & AlexNetWebGLBackend
  if (backend.undoOnError === undefined || backend.binaryCache === undefined) {
    throw new Error(
      `warmUp: the current backend is '${tf.getBackend()}', not one of webgl() from @alexnet/backend-webgl`,
    )
  }
  const before = new Set(Object.keys(backend.binaryCache))
  tf.env().set('ENGINE_COMPILE_ONLY', true)
  tf.engine().startScope('warm-up')
  try {
    run()
  } finally {
    tf.engine().endScope()
    tf.env().set('ENGINE_COMPILE_ONLY', false)
  }
  const added = Object.entries(backend.binaryCache).filter(([key]) => !before.has(key))
  let compiled = 0
  for (const [, { webGLProgram, fragmentShader }] of added) {
    const { gl, parallelCompilationExtension: parallel } = backend.gpgpu
    while (parallel && !gl.getProgramParameter(webGLProgram, parallel.COMPLETION_STATUS_KHR)) {
      if (gl.isContextLost()) break
      await nextTask()
    }
    if (!gl.isContextLost() && !gl.getProgramParameter(webGLProgram, gl.LINK_STATUS)) {
      throw new Error(
        `a shader did not compile: ${gl.getShaderInfoLog(fragmentShader) || gl.getProgramInfoLog(webGLProgram)}`,
      )
    }
    compiled++
    options.onProgress?.({ compiled, programs: added.length })
    await nextTask()
  }
  backend.getUniformLocations()
  return added.length
}

const nextTask = () => new Promise<void>((resolve) => setTimeout(resolve, 0))
