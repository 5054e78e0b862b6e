// Every kernel of this package: those that replace one of tfjs's WebGPU kernels, and those that tfjs does
// not have.

import { reductionOfNothing, softmaxOfNothing } from '@alexnet/backend/kernels'
import type { AlexNetWebGPUBackend } from '../backend.ts'
import { conv2D, conv2DBackpropFilter, conv2DBackpropInput, fusedConv2D } from './convolution.ts'
import { softmaxCrossEntropy } from './cross-entropy.ts'
import { cumulativeSum } from './cumulative-sum.ts'
import { hashedDropout } from './dropout.ts'
import type { Kernel } from './kernel.ts'
import { batchMatMul, fusedMatMul } from './matrix-product.ts'
import { momentumStep } from './momentum.ts'
import { lrnGrad } from './normalization.ts'
import { avgPool, avgPoolGrad, maxPool, maxPoolGrad } from './pooling.ts'
import { power } from './power.ts'
import { quantizedMatMul } from './quantized-product.ts'
import { mean, sum } from './reduction.ts'
import { reluGradient } from './relu-gradient.ts'
import { argMax, argMin, cast, tile } from './shapes.ts'
import { relu6, sigmoid, tanh } from './unary.ts'

export const kernels: readonly Kernel[] = [
  argMax,
  argMin,
  avgPool,
  avgPoolGrad,
  batchMatMul,
  cast,
  conv2D,
  conv2DBackpropFilter,
  conv2DBackpropInput,
  cumulativeSum,
  fusedConv2D,
  fusedMatMul,
  hashedDropout,
  lrnGrad,
  maxPool,
  maxPoolGrad,
  mean,
  momentumStep,
  power,
  quantizedMatMul,
  relu6,
  reluGradient,
  sigmoid,
  ...(['Prod', 'Max', 'Min', 'All', 'Any'] as const).map(reductionOfNothing<AlexNetWebGPUBackend>),
  softmaxCrossEntropy,
  softmaxOfNothing<AlexNetWebGPUBackend>(),
  sum,
  tanh,
  tile,
]
