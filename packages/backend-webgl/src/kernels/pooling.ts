// tfjs's own pooling, for windows that fit.

import { poolingShapes } from '@alexnet/backend/kernels'
import { type Kernel, stock } from './kernel.ts'

const pooling = (name: string): Kernel => ({
  name,
  run(call) {
    poolingShapes({ name, attrs: call.attrs, pictureShape: call.inputs.x!.shape })
    return stock(name, call)
  },
})

export const maxPooling = pooling('MaxPool')
export const averagePooling = pooling('AvgPool')
