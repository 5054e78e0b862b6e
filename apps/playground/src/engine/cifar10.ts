// The bundled CIFAR-10 model as the page has it: with its weights in int8, half the bytes. The build puts this file in
// the place of @alexnet/cifar10 (vite.config.ts), so that the other file does not come with the page.

import { cifar10Int8 } from '@alexnet/cifar10/int8'
import type { BundledWeights } from '@alexnet/weights'

export const cifar10: BundledWeights = { ...cifar10Int8, name: 'cifar10' }
