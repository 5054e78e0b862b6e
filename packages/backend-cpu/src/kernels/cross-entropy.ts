// SoftmaxCrossEntropy, a kernel that tfjs does not have: the mean loss of a batch and its gradient together.
// Training's crossEntropy finds it by name, in place of eight operations of which four are tfjs's own.

import { customKernel } from '@alexnet/backend/kernels'
import type { AlexNetCpuBackend } from '../backend.ts'
import { crossEntropyParameters } from '../generated/layout.ts'

export const softmaxCrossEntropy = customKernel<'SoftmaxCrossEntropy', AlexNetCpuBackend>(
  'SoftmaxCrossEntropy',
  ({ inputs: { logits, shares }, backend }) => {
    const [rows, classes] = logits.shape as [number, number]
    const operands = { logits: backend.address(logits), shares: backend.address(shares) }
    const loss = backend.allocate([], 'cross-entropy')
    const gradient = backend.allocate(logits.shape, 'cross-entropy gradient')
    const { memory } = backend.engine
    const sums = memory.allocate(rows * 16, () => 'cross-entropy: its sums')
    const values = { ...operands, gradient: gradient.address, sums, rows, classes, scale: 1 / rows }
    backend.engine.run('crossEntropy', crossEntropyParameters, values, rows)
    const found = memory.floats(sums, rows * 4)
    let total = 0
    for (let row = 0; row < rows; row++) {
      const [, exponentials, share, product] = found.subarray(row * 4, row * 4 + 4)
      total += share! * Math.log(exponentials!) - product!
    }
    memory.floats(loss.address, 1)[0] = total / rows
    memory.free(sums)
    return [loss.info, gradient.info]
  },
)
