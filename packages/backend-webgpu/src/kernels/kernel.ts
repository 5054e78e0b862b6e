// A kernel of this package: integers, NCHW and the like it leaves to tfjs's own over the same storage.

import type * as shared from '@alexnet/backend/kernels'
import type { AlexNetWebGPUBackend } from '../backend.ts'

export type KernelArguments = shared.KernelCall<AlexNetWebGPUBackend>
export type TfjsKernel = shared.TfjsKernel<AlexNetWebGPUBackend>
export type Kernel = shared.Kernel<AlexNetWebGPUBackend>
