// Every kernel of this package: those that replace one of tfjs's cpu kernels, and those that tfjs does not have.

import {
  conv2D,
  conv2DBackpropFilter,
  conv2DBackpropInput,
  fusedConv2D,
  groupedConv2D,
  groupedConv2DBackpropFilter,
  groupedConv2DBackpropInput,
} from './convolution.ts'
import { concat, padV2, slice, splitV } from './copy.ts'
import { softmaxCrossEntropy } from './cross-entropy.ts'
import { hashedDropout } from './dropout.ts'
import { elementwiseKernels } from './elementwise.ts'
import { fill, onesLike, zerosLike } from './fill.ts'
import type { Kernel } from './kernel.ts'
import { batchMatMul, fusedMatMul } from './matrix-product.ts'
import { momentumStepKernel } from './momentum.ts'
import { lrn, lrnGrad } from './normalization.ts'
import { avgPool, avgPoolGrad, maxPool, maxPoolGrad } from './pooling.ts'
import { quantizedMatMul } from './quantized-product.ts'
import { mean, sum } from './reduction.ts'

export const kernels: Kernel[] = [
  ...elementwiseKernels,
  avgPool,
  avgPoolGrad,
  batchMatMul,
  concat,
  conv2D,
  conv2DBackpropFilter,
  conv2DBackpropInput,
  fill,
  fusedConv2D,
  fusedMatMul,
  groupedConv2D,
  groupedConv2DBackpropFilter,
  groupedConv2DBackpropInput,
  hashedDropout,
  lrn,
  lrnGrad,
  maxPool,
  maxPoolGrad,
  mean,
  momentumStepKernel,
  onesLike,
  padV2,
  quantizedMatMul,
  slice,
  softmaxCrossEntropy,
  splitV,
  sum,
  zerosLike,
]
