// The adapter: chooses a WebAssembly build, makes the memory, and starts the threads.

import type { BackendAdapter } from '@alexnet/backend'
import { defineBackend } from '@alexnet/backend/kernels'
import { type AlexNetCpuBackend, createBackend } from './backend.ts'
import { Engine, kernelNames } from './engine.ts'
import { kernels } from './kernels/index.ts'
import { TensorMemory } from './memory.ts'
import { type BuildName, buildBytes, instantiate, supportedBuilds } from './module.ts'
import { availableThreads, canShareMemory, Threads } from './threads.ts'
import { compileWidened, WIDE_BUILD, widens } from './widening.ts'

export interface CpuOptions {
  /** Name of the tfjs backend. Default 'alexnet-cpu'. No underscore. */
  name?: string
  /**
   * Threads that compute, the calling one included. Default: the processors there are, at most 8. One
   * where memory cannot be shared (a page that is not cross-origin isolated).
   */
  threads?: number
  /** WebAssembly build. Default: the fastest that this engine supports. */
  build?: BuildName
  /** Most bytes of memory for tensors, at most and by default 4 GiB. */
  memoryLimit?: number
  /**
   * Whether 3×3 and 5×5 convolutions, and those with a stride that become such, may run by Winograd's method:
   * about half the time, errors of about 1e-5 of the largest value instead of 1e-6. Default true.
   */
  winograd?: boolean
  /**
   * Has V8 join 128-bit vector operations into 256-bit ones, an experimental option of the engine, in this
   * backend's code alone. 'tested': where the conformance suites pass so (Node 22, 24 and 26). It does nothing
   * where the engine cannot: in browsers, before V8 12, on other processors than x86-64; `features` of the
   * backend in use says 'widened' where it was done. Default false.
   */
  widen?: boolean | 'tested'
}

/** TensorFlow.js on the CPU in WebAssembly, forward and backward. */
export const cpu: (options?: CpuOptions) => BackendAdapter = defineBackend<
  CpuOptions,
  AlexNetCpuBackend
>({
  name: 'alexnet-cpu',
  base: 'cpu',
  kernels,
  supported({ build }) {
    if (typeof WebAssembly !== 'object') return 'this engine has no WebAssembly'
    const builds = supportedBuilds()
    if (builds.length === 0) return 'this engine has no WebAssembly SIMD'
    if (build && !builds.includes(build)) {
      return `this engine cannot run the build '${build}' (it can: ${builds.join(', ')})`
    }
    return true
  },
  beforeBase: (inputs, backend) => backend.compute(inputs),
  async open(name, options) {
    const shared = canShareMemory()
    const memory = new TensorMemory({ shared, maximumBytes: options.memoryLimit })
    const widened = widens(options.widen)
    const build = options.build ?? (widened ? WIDE_BUILD : supportedBuilds()[0]!)
    const bytes = await buildBytes(build, shared)
    const module = widened ? compileWidened(bytes) : await WebAssembly.compile(bytes)
    const functions = await instantiate(module, memory.wasm)
    const count = shared ? threadCount(options.threads) : 1
    const threads =
      count > 1 ? await Threads.start(count, module, memory, kernelNames(functions)) : undefined
    const engine = new Engine(memory, functions, { threads, winograd: options.winograd ?? true })
    const threadCountText = `${engine.threads} ${engine.threads === 1 ? 'thread' : 'threads'}`
    const missing = engine.missingThreads ? ` (${engine.missingThreads})` : ''
    return {
      backend: createBackend(name, engine),
      device: `CPU, WebAssembly, ${threadCountText}${missing}`,
      build,
      threads: engine.threads,
      features: [build, ...(widened ? ['widened'] : []), ...(shared ? ['shared-memory'] : [])],
    }
  },
})

function threadCount(threads: number | undefined): number {
  if (threads === undefined) return Math.max(1, Math.min(8, availableThreads()))
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new RangeError(`threads: ${threads} is not a whole number from 1 to 64`)
  }
  return threads
}
