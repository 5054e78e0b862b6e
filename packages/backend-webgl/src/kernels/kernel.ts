// The shape of a kernel of this package.

import type * as tf from '@tensorflow/tfjs'
import type { AlexNetWebGLBackend } from '../backend.ts'

export interface Kernel {
  /** tfjs's name of the kernel. */
  name: string
  run(call: {
    inputs: Record<string, tf.TensorInfo>
    attrs: Record<string, unknown>
    backend: AlexNetWebGLBackend
  }): tf.TensorInfo | tf.TensorInfo[]
}
