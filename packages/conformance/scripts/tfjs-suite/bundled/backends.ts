// The backends that tfjs-core's own tests run on: ours, and tfjs's beside them, whose failures are no fault of ours.

export type Runtime = 'node' | 'chromium'

export interface SuiteBackend {
  name: string
  runtimes: readonly Runtime[]
  /** The name under which tfjs knows it while the tests run. */
  registered: string
  /** Options of `cpu()`, for the CPU's. */
  cpu?: { build: 'simd' | 'relaxed-simd' | 'relaxed-simd-wide'; threads: number; widen?: boolean }
  /** tfjs's own backend that it is compared with; itself absent for those. */
  beside?: string
  /** Flags of tfjs without which it does not start on a software driver. */
  flags?: Record<string, boolean | number>
}

const cpu = (
  build: NonNullable<SuiteBackend['cpu']>['build'],
  threads: number,
  runtimes: readonly Runtime[] = ['node'],
): SuiteBackend => ({
  name: `alexnet-cpu, ${build === 'relaxed-simd-wide' ? 'wide' : build}, ${threads} thread${threads > 1 ? 's' : ''}`,
  runtimes,
  registered: 'alexnet-cpu',
  cpu: { build, threads, widen: build === 'relaxed-simd-wide' },
  beside: 'tfjs cpu',
})

const softwareWebGL = { SOFTWARE_WEBGL_ENABLED: true, WEBGL_VERSION: 2, HAS_WEBGL: true }

export const suiteBackends: readonly SuiteBackend[] = [
  { name: 'tfjs cpu', runtimes: ['node', 'chromium'], registered: 'cpu' },
  cpu('simd', 1),
  cpu('relaxed-simd', 1),
  // In Chromium the build and the threads that a page gets without options.
  cpu('relaxed-simd', 2, ['node', 'chromium']),
  cpu('relaxed-simd-wide', 1),
  cpu('relaxed-simd-wide', 2),
  { name: 'tfjs webgl', runtimes: ['chromium'], registered: 'webgl', flags: softwareWebGL },
  {
    name: 'alexnet-webgl',
    runtimes: ['chromium'],
    registered: 'alexnet-webgl',
    beside: 'tfjs webgl',
    flags: softwareWebGL,
  },
  { name: 'tfjs webgpu', runtimes: ['node', 'chromium'], registered: 'webgpu' },
  {
    name: 'alexnet-webgpu',
    runtimes: ['node', 'chromium'],
    registered: 'alexnet-webgpu',
    beside: 'tfjs webgpu',
  },
]
