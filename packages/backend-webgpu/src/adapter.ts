// The adapter: looks at the machine's WebGPU, takes a device with all that its adapter allows, and registers
// tfjs's WebGPU kernels over the guarded backend, ours in place of those they replace.

import type { BackendAdapter, StartedBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import { type AlexNetWebGPUBackend, createBackend } from './backend.ts'
import {
  browserGPU,
  type GPUSource,
  inspectWebGPU,
  reportOf,
  requestAdapter,
  requestDevice,
  type WebGPUReport,
} from './device.ts'
import { kernels } from './kernels/index.ts'
import type { Kernel, KernelArguments, TfjsKernel } from './kernels/kernel.ts'
import { loadTfjsWebGPU } from './tfjs-webgpu.ts'
import { tune } from './tuner.ts'

export interface WebGPUOptions {
  /** Name of the tfjs backend. Default 'alexnet-webgpu'. No underscore. */
  name?: string
  /** Most bytes of buffers; an operation that needs more throws an OutOfMemoryError. Default 8 GiB. */
  memoryLimit?: number
  /**
   * Whether a driver that computes on the processor will do: right numbers, slower than
   * @alexnet/backend-cpu. For tests. Default false.
   */
  software?: boolean
  /**
   * Whether the start tries a few tile shapes of the matrix product on the device, which takes about a
   * second the first time and is remembered. Default true, false on a software driver.
   */
  tune?: boolean
  /** Whether kernels use the device's subgroups. Default true, where it has them. */
  subgroups?: boolean
}

/** TensorFlow.js on WebGPU, watched, with kernels for training. */
export function webgpu(options: WebGPUOptions = {}): BackendAdapter {
  return adapterFrom(browserGPU, options)
}

/** The adapter over any source of WebGPU. */
export function adapterFrom(source: GPUSource, options: WebGPUOptions): BackendAdapter {
  const { name = 'alexnet-webgpu' } = options
  if (name.includes('_')) {
    throw new Error(
      `backend name '${name}': tfjs splits kernel keys at underscores, leave them out`,
    )
  }
  return {
    name,
    isSupported: async () => refusal(await inspectWebGPU(source), options) ?? true,
    start: () => start(name, source, options),
  }
}

/** Why a device will not do, or undefined. */
function refusal(report: WebGPUReport, { software = false }: WebGPUOptions): string | undefined {
  if (!report.available) return report.reason
  if (report.software && !software) {
    return `WebGPU runs on the processor here (${report.device}), where @alexnet/backend-cpu is faster; webgpu({ software: true }) uses it all the same`
  }
  return undefined
}

interface Running {
  options: string
  isStarting: boolean
  started: Promise<StartedBackend>
  backend?: AlexNetWebGPUBackend
}

/** Backends that run or are being started, by name, with the options that they were given. */
const running = new Map<string, Running>()

async function start(
  name: string,
  source: GPUSource,
  options: WebGPUOptions,
): Promise<StartedBackend> {
  const wanted = JSON.stringify(options, Object.keys(options).sort())
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
    started: launch(name, source, options, (backend) => {
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
  source: GPUSource,
  options: WebGPUOptions,
  onBackend: (backend: AlexNetWebGPUBackend) => void,
): Promise<StartedBackend> {
  // One that lost its device, or was stopped as tf.engine().reset() does it, is of no more use.
  if (tf.findBackendFactory(name)) tf.removeBackend(name)
  const gpu = await source()
  const adapter = gpu && (await requestAdapter(gpu))
  if (!adapter) throw new Error('WebGPU found no adapter')
  const report = { ...reportOf(adapter), available: true }
  const reason = refusal(report, options)
  if (reason) throw new Error(reason)
  const Base = await loadTfjsWebGPU()
  const device = await requestDevice(adapter)
  const { memoryLimit = 8 * 2 ** 30 } = options
  const backend = createBackend(Base, device, adapter.info, { name, memoryLimit })
  registerKernels(name)
  tf.registerBackend(name, () => backend)
  onBackend(backend)
  if (options.tune ?? !report.software) backend.tuning = await tune(backend, report.device)
  if (options.subgroups === false) backend.subgroups = false
  // A processor has few cores to keep busy.
  if (report.software) backend.tuning = { ...backend.tuning, enoughTiles: 4 }
  return {
    device: report.device,
    features: report.features,
    lost: backend.lost,
    // Removing the backend disposes it, which gives the device back.
    stop: () => tf.removeBackend(name),
  }
}

function registerKernels(name: string): void {
  if (tf.getKernelsForBackend(name).length > 0) return
  const stock = new Map(
    tf
      .getKernelsForBackend('webgpu')
      .map((kernel) => [kernel.kernelName, kernel.kernelFunc as unknown as TfjsKernel]),
  )
  const own = new Map(kernels.map((kernel) => [kernel.name, kernel]))
  for (const kernelName of new Set([...stock.keys(), ...own.keys()])) {
    const kernelFunc = guarded(kernelName, stock.get(kernelName), own.get(kernelName))
    tf.registerKernel({
      kernelName,
      backendName: name,
      kernelFunc: kernelFunc as unknown as tf.KernelFunc,
    })
  }
}

function guarded(name: string, stock: TfjsKernel | undefined, own: Kernel | undefined): TfjsKernel {
  const fallback = stock ?? unsupported(name)
  const run = own ? (call: KernelArguments) => own.run(call, fallback) : fallback
  return (call) => {
    const backend: AlexNetWebGPUBackend = call.backend
    return backend.undoOnError(() => run(call))
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
