// Every kernel that replaces one of tfjs's cpu kernels.

import { conv2D, conv2DBackpropFilter, conv2DBackpropInput, fusedConv2D } from './convolution.ts'
import type { Kernel } from './kernel.ts'
import { batchMatMul, fusedMatMul } from './matrix-product.ts'

export const kernels: Kernel[] = [
  batchMatMul,
  conv2D,
  conv2DBackpropFilter,
  conv2DBackpropInput,
  fusedConv2D,
  fusedMatMul,
]
