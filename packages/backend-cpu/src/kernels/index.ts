// Every kernel of this package: those that replace one of tfjs's cpu kernels, and those that tfjs does not have.

import { adamStepKernel } from './adam.ts'
import { fusedBatchNorm } from './batch-normalization.ts'
import { comparisonKernels } from './comparison.ts'
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
import {
  depthwiseConv2D,
  depthwiseConv2DBackpropFilter,
  depthwiseConv2DBackpropInput,
  fusedDepthwiseConv2D,
} from './depthwise.ts'
import { hashedDropout } from './dropout.ts'
import { elementwiseKernels } from './elementwise.ts'
import { fill, onesLike, zerosLike } from './fill.ts'
import { gatherV2, pack, unpack, unsortedSegmentSum } from './gather.ts'
import type { Kernel } from './kernel.ts'
import { batchMatMul, fusedMatMul } from './matrix-product.ts'
import { momentumStepKernel } from './momentum.ts'
import { lrn, lrnGrad } from './normalization.ts'
import { avgPool, avgPoolGrad, maxPool, maxPoolGrad } from './pooling.ts'
import { quantizedMatMul } from './quantized-product.ts'
import { argMax, argMin, max, mean, min, sum } from './reduction.ts'
import {
  resizeBilinear,
  resizeBilinearGrad,
  resizeNearestNeighbor,
  resizeNearestNeighborGrad,
} from './resize.ts'
import { softmax } from './softmax.ts'
import { reverse, tile, transpose } from './strided-copy.ts'

export const kernels: Kernel[] = [
  ...comparisonKernels,
  ...elementwiseKernels,
  adamStepKernel,
  argMax,
  argMin,
  avgPool,
  avgPoolGrad,
  batchMatMul,
  concat,
  conv2D,
  conv2DBackpropFilter,
  conv2DBackpropInput,
  depthwiseConv2D,
  depthwiseConv2DBackpropFilter,
  depthwiseConv2DBackpropInput,
  fill,
  fusedBatchNorm,
  fusedConv2D,
  fusedDepthwiseConv2D,
  fusedMatMul,
  gatherV2,
  groupedConv2D,
  groupedConv2DBackpropFilter,
  groupedConv2DBackpropInput,
  hashedDropout,
  lrn,
  lrnGrad,
  max,
  maxPool,
  maxPoolGrad,
  mean,
  min,
  momentumStepKernel,
  onesLike,
  pack,
  padV2,
  quantizedMatMul,
  resizeBilinear,
  resizeBilinearGrad,
  resizeNearestNeighbor,
  resizeNearestNeighborGrad,
  reverse,
  slice,
  softmax,
  softmaxCrossEntropy,
  splitV,
  sum,
  tile,
  transpose,
  unpack,
  unsortedSegmentSum,
  zerosLike,
]
