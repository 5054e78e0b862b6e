// Constant tensors made where they are needed: tfjs's own kernels make a JavaScript array, which would be
// copied into the memory by the first kernel that meets it (an optimiser's first velocities are as large
// as the network).

import * as tf from '@tensorflow/tfjs'
import type { Kernel, KernelArguments } from './kernel.ts'

function filled({ backend }: KernelArguments, shape: number[], value: number, operation: string) {
  const { info, address } = backend.allocate(shape, operation)
  backend.engine.memory.floats(address, tf.util.sizeFromShape(shape)).fill(value)
  return info
}

function like(name: string, value: number): Kernel {
  return {
    name,
    run(call, fallback) {
      const { dtype, shape } = call.inputs.x!
      return dtype === 'float32' ? filled(call, shape, value, name) : fallback(call)
    },
  }
}

export const onesLike = like('OnesLike', 1)
export const zerosLike = like('ZerosLike', 0)

export const fill: Kernel = {
  name: 'Fill',
  run(call, fallback) {
    const { shape, value, dtype } = call.attrs as {
      shape: number[]
      value: unknown
      dtype?: string
    }
    const isFloat = dtype === 'float32' || (dtype === undefined && typeof value === 'number')
    return isFloat ? filled(call, shape, Number(value), 'Fill') : fallback(call)
  },
}
