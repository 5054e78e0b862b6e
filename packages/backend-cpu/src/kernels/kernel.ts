// A kernel of this package: integers, NCHW, 3-D pictures and the like it leaves to tfjs's own over the same storage.

import type * as shared from '@alexnet/backend/kernels'
import type { AlexNetCpuBackend } from '../backend.ts'

export type KernelArguments = shared.KernelCall<AlexNetCpuBackend>
export type TfjsKernel = shared.TfjsKernel<AlexNetCpuBackend>
export type Kernel = shared.Kernel<AlexNetCpuBackend>
