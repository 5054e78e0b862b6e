// Softmax over the last axis of a float32 tensor.

import * as tf from '@tensorflow/tfjs'
import { softmaxParameters } from '../generated/layout.ts'
import type { Kernel } from './kernel.ts'

const TASK_ELEMENTS = 16384

export const softmax: Kernel = {
  name: 'Softmax',
  run(call, fallback) {
    const { attrs, backend } = call
    const logits = call.inputs.logits!
    const { shape } = logits
    const axis = (attrs.dim as number | undefined) ?? -1
    const isLast = axis === -1 || axis === shape.length - 1
    const count = tf.util.sizeFromShape(shape)
    if (logits.dtype !== 'float32' || !isLast || shape.length === 0 || count === 0) {
      return fallback(call)
    }
    const columns = shape.at(-1)!
    const rows = count / columns
    const taskRows = Math.max(1, Math.floor(TASK_ELEMENTS / columns))
    const x = backend.address(logits)
    const { info, address } = backend.allocate(shape, 'softmax')
    const values = { x, result: address, rows, columns, taskRows }
    backend.engine.run('softmax', softmaxParameters, values, Math.ceil(rows / taskRows))
    return info
  },
}
