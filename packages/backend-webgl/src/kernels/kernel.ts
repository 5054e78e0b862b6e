// The shape of a kernel of this package, and tfjs's own kernels for what one leaves to them.

import type * as shared from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import type { AlexNetWebGLBackend } from '../backend.ts'

export type KernelArguments = shared.KernelCall<AlexNetWebGLBackend>
export type Kernel = shared.Kernel<AlexNetWebGLBackend>

/** Runs tfjs's kernel of a name over the same textures. @throws Error where tfjs has none */
export function stock(name: string, call: KernelArguments) {
  const kernel = tf.getKernel(name, 'webgl')
  if (!kernel) throw new Error(`${name}: this backend has it for NHWC alone, and tfjs has none`)
  const run = kernel.kernelFunc as unknown as shared.TfjsKernel<AlexNetWebGLBackend>
  return run(call)
}

/** A tensor of zeros: what a gradient is of which nothing is summed. */
export function zeros(call: KernelArguments, shape: readonly number[]): tf.TensorInfo {
  const attrs = { shape, value: 0, dtype: 'float32' }
  return stock('Fill', { ...call, inputs: {}, attrs }) as tf.TensorInfo
}
