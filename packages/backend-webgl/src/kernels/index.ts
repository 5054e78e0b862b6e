// The kernels that take the place of tfjs's, or that tfjs lacks.

import { reductionOfNothing, softmaxOfNothing } from '@alexnet/backend/kernels'
import type { AlexNetWebGLBackend } from '../backend.ts'
import {
  conv2D,
  conv2DBackpropFilter,
  conv2DBackpropInput,
  fusedConv2D,
  groupedConv2D,
  groupedConv2DBackpropFilter,
  groupedConv2DBackpropInput,
} from './convolution.ts'
import type { Kernel } from './kernel.ts'
import { batchMatMul, fusedMatMul } from './matrix-product.ts'
import { momentumStep } from './momentum.ts'
import { lrnGrad } from './normalization.ts'
import { avgPool, avgPoolGrad, maxPool, maxPoolGrad } from './pooling.ts'
import { power } from './power.ts'
import { leakyRelu, prelu, relu, relu6, tanh } from './unary.ts'

export const kernels: readonly Kernel[] = [
  avgPool,
  avgPoolGrad,
  batchMatMul,
  conv2D,
  conv2DBackpropFilter,
  conv2DBackpropInput,
  fusedConv2D,
  fusedMatMul,
  groupedConv2D,
  groupedConv2DBackpropFilter,
  groupedConv2DBackpropInput,
  leakyRelu,
  lrnGrad,
  maxPool,
  maxPoolGrad,
  momentumStep,
  power,
  prelu,
  ...(['Sum', 'Mean', 'Prod', 'Max', 'Min', 'All', 'Any'] as const).map(
    reductionOfNothing<AlexNetWebGLBackend>,
  ),
  relu,
  relu6,
  softmaxOfNothing<AlexNetWebGLBackend>(),
  tanh,
]
