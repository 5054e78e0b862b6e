// The GPU backends in a page, on a software driver where there is no GPU. Those compile a shader for each
// shape in tenths of a second and compute on the processor, so that they get a share of the random shapes
// and AlexNet's own only when asked (`npm run -s conformance -- --thorough`).

import { webgl } from '@alexnet/backend-webgl'
import { webgpu } from '@alexnet/backend-webgpu'
import { inject } from 'vitest'
import type { TestedBackend } from './backends.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Whether to take the time that everything needs. */
    thorough: boolean
  }
}

const effort = inject('thorough') ? { fast: true } : { fast: false, share: 0.08 }

export const webglBackend: TestedBackend = {
  name: 'alexnet-webgl',
  adapter: () => webgl({ software: true }),
  ...effort,
}

export const webgpuBackend: TestedBackend = {
  name: 'alexnet-webgpu',
  adapter: () => webgpu({ software: true }),
  ...effort,
}
