// The GPU backends in a page, on a software driver where there is no GPU. Those compile a shader for each
// shape in tenths of a second and compute on the processor, so that they get a share of the random shapes
// unless all are asked for (`npm run -s conformance -- --thorough`).

import { webgl } from '@alexnet/backend-webgl'
import { webgpu } from '@alexnet/backend-webgpu'
import { thorough, wide } from '../thorough.ts'
import type { TestedBackend } from './backends.ts'

const share = thorough ? 1 : wide ? 0.08 : 0.04

export const webglBackend: TestedBackend = {
  name: 'alexnet-webgl',
  adapter: () => webgl({ software: true }),
  fast: true,
  sums: 'float32',
  share,
}

export const webgpuBackend: TestedBackend = {
  name: 'alexnet-webgpu',
  adapter: () => webgpu({ software: true }),
  // The same implementation of WebGPU computes AlexNet's own shapes in Node.
  fast: thorough,
  sums: 'float32',
  quantized: true,
  share,
}
