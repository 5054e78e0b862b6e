// What a kernel of a backend package is: one of tfjs's names, run over the package's own backend, which may hand cases
// it does not cover (integers, NCHW …) to the kernel of that name in the tfjs backend that the package builds on.

import type * as tf from '@tensorflow/tfjs'

export interface KernelCall<Backend> {
  inputs: Record<string, tf.TensorInfo>
  // tfjs types attributes as a union that every kernel casts from; each kernel reads its own.
  attrs: Record<string, unknown>
  backend: Backend
}

export type TfjsKernel<Backend> = (call: KernelCall<Backend>) => tf.TensorInfo | tf.TensorInfo[]

export interface Kernel<Backend> {
  /** tfjs's name of the kernel, or one of ours. */
  name: string
  /** @param fallback tfjs's own kernel; throws for kernels that tfjs does not have */
  run(call: KernelCall<Backend>, fallback: TfjsKernel<Backend>): tf.TensorInfo | tf.TensorInfo[]
}
