// The adapter: chooses a WebAssembly build, makes the memory, and registers the tfjs backend with every
// cpu kernel of tfjs copied over and ours in place of those they replace.

import type * as v8Module from 'node:v8'
import type { BackendAdapter, StartedBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import { type AlexNetCpuBackend, createBackend } from './backend.ts'
import { Engine, kernelNames } from './engine.ts'
import { kernels } from './kernels/index.ts'
import type { KernelArguments, TfjsKernel } from './kernels/kernel.ts'
import { TensorMemory } from './memory.ts'
import { type BuildName, compileBuild, instantiate, supportedBuilds } from './module.ts'
import { availableThreads, canShareMemory, nodeModule, Threads } from './threads.ts'

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
   * Whether 3×3 and 5×5 convolutions with stride 1 may run by Winograd's method: about half the time,
   * errors of about 1e-5 of the largest value instead of 1e-6. Default true.
   */
  winograd?: boolean
  /**
   * Lets V8 (Node only) join 128-bit vector operations into 256-bit ones, an experimental option of the
   * engine for the whole process. Default false.
   */
  widen?: boolean
}

/** TensorFlow.js on the CPU in WebAssembly, forward and backward. */
export function cpu(options: CpuOptions = {}): BackendAdapter {
  const { name = 'alexnet-cpu' } = options
  if (name.includes('_')) {
    throw new Error(
      `backend name '${name}': tfjs splits kernel keys at underscores, leave them out`,
    )
  }
  return {
    name,
    async isSupported() {
      if (typeof WebAssembly !== 'object') return 'this engine has no WebAssembly'
      const builds = supportedBuilds()
      if (builds.length === 0) return 'this engine has no WebAssembly SIMD'
      if (options.build && !builds.includes(options.build)) {
        return `this engine cannot run the build '${options.build}' (it can: ${builds.join(', ')})`
      }
      return true
    },
    start: () => start(name, options),
  }
}

interface Running {
  options: string
  isStarting: boolean
  started: Promise<StartedBackend>
  backend?: AlexNetCpuBackend
}

/** Backends that run or are being started, by name, with the options that they were given. */
const running = new Map<string, Running>()

async function start(name: string, options: CpuOptions): Promise<StartedBackend> {
  const wanted = JSON.stringify(options, Object.keys(options).sort())
  const known = running.get(name)
  const isLive = tf.findBackendFactory(name) && known?.backend?.stopped === false
  if (known && (known.isStarting || isLive)) {
    // Starting it anew would lose every tensor that it holds.
    if (known.options === wanted) return known.started
    throw new Error(
      `a backend '${name}' already runs with other options (${known.options}, not ${wanted}): ` +
        `give this one another name, or call tf.removeBackend('${name}') first, which loses its tensors`,
    )
  }
  const entry: Running = {
    options: wanted,
    isStarting: true,
    started: launch(name, options, (backend) => {
      entry.backend = backend
    }),
  }
  running.set(name, entry)
  try {
    return await entry.started
  } finally {
    entry.isStarting = false
  }
}

async function launch(
  name: string,
  options: CpuOptions,
  onBackend: (backend: AlexNetCpuBackend) => void,
): Promise<StartedBackend> {
  const shared = canShareMemory()
  const memory = new TensorMemory({ shared, maximumBytes: options.memoryLimit })
  const widened = options.widen === true && widen()
  const build = options.build ?? bestBuild(widened)
  const module = await compileBuild(build, shared)
  const kernels = await instantiate(module, memory.wasm)
  const count = shared ? threadCount(options.threads) : 1
  const threads =
    count > 1 ? await Threads.start(count, module, memory, kernelNames(kernels)) : undefined
  const engine = new Engine(memory, kernels, { threads, winograd: options.winograd ?? true })
  // One that was stopped, as tf.engine().reset() does it, is of no more use under its name.
  if (tf.findBackendFactory(name)) tf.removeBackend(name)
  registerKernels(name)
  const backend = createBackend(name, engine)
  tf.registerBackend(name, () => backend)
  onBackend(backend)
  const threadCountText = `${engine.threads} ${engine.threads === 1 ? 'thread' : 'threads'}`
  const missing = engine.missingThreads ? ` (${engine.missingThreads})` : ''
  return {
    device: `CPU, WebAssembly, ${threadCountText}${missing}`,
    features: [
      build,
      ...(widened && build !== WIDE_BUILD ? ['widened'] : []),
      ...(shared ? ['shared-memory'] : []),
    ],
    // Removing the backend disposes it, which ends its threads.
    stop: () => tf.removeBackend(name),
  }
}

const WIDE_BUILD = 'relaxed-simd-wide'

function bestBuild(widened: boolean): BuildName {
  const builds = supportedBuilds()
  return widened && builds.includes(WIDE_BUILD) ? WIDE_BUILD : builds[0]!
}

function threadCount(threads: number | undefined): number {
  if (threads === undefined) return Math.max(1, Math.min(8, availableThreads()))
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new RangeError(`threads: ${threads} is not a whole number from 1 to 64`)
  }
  return threads
}

/** Has V8 join pairs of 128-bit operations into 256-bit ones, in modules compiled from now on. */
function widen(): boolean {
  const v8 = nodeModule<typeof v8Module>('node:v8')
  v8?.setFlagsFromString('--experimental-wasm-revectorize')
  return v8 !== undefined
}

function registerKernels(name: string): void {
  if (tf.getKernelsForBackend(name).length > 0) return
  tf.copyRegisteredKernels('cpu', name)
  for (const kernel of kernels) {
    const stock = tf.getKernel(kernel.name, 'cpu')
    if (stock) tf.unregisterKernel(kernel.name, name)
    const fallback = stock?.kernelFunc as unknown as TfjsKernel | undefined
    tf.registerKernel({
      kernelName: kernel.name,
      backendName: name,
      kernelFunc(call) {
        const given = call as unknown as KernelArguments
        return given.backend.undoOnError(() =>
          kernel.run(given, fallback ?? unsupported(kernel.name)),
        )
      },
    })
  }
}

function unsupported(name: string): TfjsKernel {
  return ({ inputs }) => {
    const found = Object.entries(inputs).map(
      ([key, { dtype, shape }]) => `${key} ${dtype} [${shape}]`,
    )
    throw new Error(`kernel ${name} takes float32 tensors only; it was given ${found.join(', ')}`)
  }
}
