// The CPU backend, each build with one thread and two, and tfjs's own: in Node and in pages alike.

import { tfjsCpu } from '@alexnet/backend'
import { type CpuOptions, cpu } from '@alexnet/backend-cpu'
import type { TestedBackend } from './backends.ts'

/** Winograd on up to eight points in float32. */
const WINOGRAD_BOUND = 2e-5

function ours(options: CpuOptions): TestedBackend {
  const { build, threads, widen, winograd = true } = options
  const name = `alexnet-${build}-${threads}${widen ? '-widened' : ''}${winograd ? '' : '-direct'}`
  return {
    name,
    adapter: () => cpu({ ...options, name }),
    fast: true,
    quantized: true,
    otherNetworks: true,
    ...(winograd && { convolutionBound: WINOGRAD_BOUND }),
  }
}

export const cpuBackends: TestedBackend[] = [
  ours({ build: 'simd', threads: 1 }),
  ours({ build: 'simd', threads: 2, winograd: false }),
  ours({ build: 'relaxed-simd', threads: 1, winograd: false }),
  ours({ build: 'relaxed-simd', threads: 2 }),
  ours({ build: 'relaxed-simd-wide', threads: 2 }),
]

/** What the command line runs: the wide build with its vectors joined. Each engine must pass before it is listed. */
export const widenedCpu = ours({ build: 'relaxed-simd-wide', threads: 2, widen: true })

/** The one that a program gets by default where the engine has relaxed SIMD. */
export const fastestCpu = cpuBackends.find(({ name }) => name === 'alexnet-relaxed-simd-2')!

export const tfjsCpuBackend: TestedBackend = {
  name: 'tfjs-cpu',
  adapter: tfjsCpu,
  fast: false,
  otherNetworks: true,
  averagePoolingGradient: 'divides by the whole window',
  resizingGradient: 'ignores centres',
  crossedBatches: 'takes batches in turn',
}
