// The kernels that take the place of tfjs's, or that tfjs lacks.

import { reductionOfNothing, softmaxOfNothing } from '@alexnet/backend/kernels'
import type { AlexNetWebGLBackend } from '../backend.ts'
import { averagePoolingGradient } from './average-pooling-gradient.ts'
import {
  conv2D,
  filterGradient,
  fusedConv2D,
  groupedConv2D,
  groupedFilterGradient,
  groupedInputGradient,
  inputGradient,
} from './convolution.ts'
import type { Kernel } from './kernel.ts'
import { fusedMatrixProduct, matrixProduct } from './matrix-product.ts'
import { maxPoolingGradient } from './max-pooling-gradient.ts'
import { momentumStep } from './momentum.ts'
import { normalizationGradient } from './normalization-gradient.ts'
import { averagePooling, maxPooling } from './pooling.ts'
import { power } from './power.ts'
import { relu, relu6, tanh } from './unary.ts'

export const kernels: readonly Kernel[] = [
  averagePooling,
  averagePoolingGradient,
  conv2D,
  filterGradient,
  fusedConv2D,
  inputGradient,
  fusedMatrixProduct,
  groupedConv2D,
  groupedFilterGradient,
  groupedInputGradient,
  matrixProduct,
  maxPooling,
  maxPoolingGradient,
  momentumStep,
  normalizationGradient,
  power,
  ...(['Sum', 'Mean', 'Prod', 'Max', 'Min', 'All', 'Any'] as const).map(
    reductionOfNothing<AlexNetWebGLBackend>,
  ),
  relu,
  relu6,
  softmaxOfNothing<AlexNetWebGLBackend>(),
  tanh,
]
