// What a kernel of this package is: a tfjs kernel that may hand cases it does not cover (integers, NCHW …)
// to tfjs's own kernel of the same name over the same storage.

import type * as tf from '@tensorflow/tfjs'
import type { AlexNetWebGPUBackend } from '../backend.ts'

export interface KernelArguments {
  inputs: Record<string, tf.TensorInfo>
  // tfjs types attributes as a union that every kernel casts from; each kernel here reads its own.
  attrs: Record<string, unknown>
  backend: AlexNetWebGPUBackend
}

export type TfjsKernel = (call: KernelArguments) => tf.TensorInfo | tf.TensorInfo[]

export interface Kernel {
  /** tfjs's kernel name. */
  name: string
  /** @param fallback tfjs's own kernel; throws for kernels that tfjs does not have */
  run(call: KernelArguments, fallback: TfjsKernel): tf.TensorInfo | tf.TensorInfo[]
}
