// What every backend package does alike: the check of its name, one backend under a name however often it is started,
// and its kernels registered beside those of the tfjs backend that it builds on. A package says the rest.

import * as tf from '@tensorflow/tfjs'
import type { BackendAdapter, StartedBackend } from './adapter.ts'
import type { Kernel, KernelCall, TfjsKernel } from './kernel.ts'

/** What is asked of a package's tfjs backend. */
export interface OpenedBackend extends tf.KernelBackend {
  /** Whether it can do nothing any more: it was stopped, or its device lost. */
  readonly ended: boolean
  /** What `tf.memory()` says on top of its counts of tensors. */
  memory(): DeviceMemory
  /** Runs a kernel; what it had made is freed if it throws. */
  undoOnError<T>(kernel: () => T): T
}

export interface DeviceMemory {
  unreliable: boolean
  /** Bytes of the device's memory that hold tensors and scratch now. */
  numBytesInUse: number
  /** Bytes that were taken for them from the device or the system, what is kept for reuse with them. */
  numBytesReserved: number
}

export interface BackendDefinition<Options, Backend extends OpenedBackend> {
  /** Name of the tfjs backend where its options give none. */
  name: string
  /** Name of the tfjs backend whose kernels it takes where it has none of its own. */
  base: string
  kernels: readonly Kernel<Backend>[]
  /** True, or the reason why this machine cannot run it, in words a user can act on. */
  supported(options: Options): true | string | Promise<true | string>
  /** Makes the backend; it is registered under the name after that. */
  open(name: string, options: Options): Promise<Opening<Backend>>
  /** Called before each of its kernels; throws where that must not run. */
  before?(kernelName: string, backend: Backend): void
  /** Called before a kernel of the base, which looks into the tensors by itself, with those that it is given. */
  beforeBase?(inputs: readonly tf.TensorInfo[], backend: Backend): void
}

export interface Opening<Backend> extends Omit<StartedBackend, 'stop'> {
  backend: Backend
  /** What is to be done with it once it is registered. */
  prepare?(): Promise<void>
}

interface Running {
  options: string
  isStarting: boolean
  started: Promise<StartedBackend>
  backend?: OpenedBackend
}

/** Backends that run or are being started, by name. */
const running = new Map<string, Running>()

/** The function that a backend package exports: options in, an adapter out. */
export function defineBackend<Options extends { name?: string }, Backend extends OpenedBackend>(
  definition: BackendDefinition<Options, Backend>,
): (options?: Options) => BackendAdapter {
  return (options = {} as Options) => {
    const { name = definition.name } = options
    if (name.includes('_')) {
      throw new Error(
        `backend name '${name}': tfjs splits kernel keys at underscores, leave them out`,
      )
    }
    return {
      name,
      isSupported: async () => definition.supported(options),
      start: () => start(definition, name, options),
    }
  }
}

async function start<Options, Backend extends OpenedBackend>(
  definition: BackendDefinition<Options, Backend>,
  name: string,
  options: Options,
): Promise<StartedBackend> {
  const wanted = JSON.stringify(options, Object.keys(options as object).sort())
  const known = running.get(name)
  const isLive = tf.findBackendFactory(name) && known?.backend?.ended === false
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
    started: launch(definition, name, options, (backend) => {
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

async function launch<Options, Backend extends OpenedBackend>(
  definition: BackendDefinition<Options, Backend>,
  name: string,
  options: Options,
  onBackend: (backend: Backend) => void,
): Promise<StartedBackend> {
  // One that lost its device, or was stopped as tf.engine().reset() does it, is of no more use.
  if (tf.findBackendFactory(name)) tf.removeBackend(name)
  const supported = await definition.supported(options)
  if (supported !== true) throw new Error(supported)
  const { backend, prepare, ...started } = await definition.open(name, options)
  registerKernels(definition, name)
  tf.registerBackend(name, () => backend)
  onBackend(backend)
  await prepare?.()
  // Removing the backend disposes of it, which gives back its device or ends its threads.
  return { ...started, stop: () => tf.removeBackend(name) }
}

function registerKernels<Options, Backend extends OpenedBackend>(
  { base, kernels, before, beforeBase }: BackendDefinition<Options, Backend>,
  name: string,
): void {
  if (tf.getKernelsForBackend(name).length > 0) return
  const stock = new Map(
    tf
      .getKernelsForBackend(base)
      .map((kernel) => [kernel.kernelName, kernel.kernelFunc as unknown as TfjsKernel<Backend>]),
  )
  const own = new Map(kernels.map((kernel) => [kernel.name, kernel]))
  for (const kernelName of new Set([...stock.keys(), ...own.keys()])) {
    const stockKernel = stock.get(kernelName) ?? unsupported(kernelName)
    const fallback: TfjsKernel<Backend> = (call) => {
      // Of an optional one that is not given, tfjs has the name alone.
      beforeBase?.(Object.values(call.inputs).filter(Boolean), call.backend)
      return stockKernel(call)
    }
    const kernel = own.get(kernelName)
    const run = kernel ? (call: KernelCall<Backend>) => kernel.run(call, fallback) : fallback
    const kernelFunc: TfjsKernel<Backend> = (call) => {
      before?.(kernelName, call.backend)
      return call.backend.undoOnError(() => run(call))
    }
    tf.registerKernel({
      kernelName,
      backendName: name,
      kernelFunc: kernelFunc as unknown as tf.KernelFunc,
    })
  }
}

function unsupported<Backend>(name: string): TfjsKernel<Backend> {
  return ({ inputs }) => {
    const found = Object.entries(inputs).map(
      ([key, { dtype, shape }]) => `${key} ${dtype} [${shape}]`,
    )
    throw new Error(`kernel ${name} takes float32 tensors only; it was given ${found.join(', ')}`)
  }
}
