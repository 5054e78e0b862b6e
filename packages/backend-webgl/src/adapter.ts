// The adapter: looks at the device, opens a context of its own, and registers tfjs's WebGL kernels over the
// guarded backend, ours in place of those they replace.

import type { BackendAdapter, StartedBackend } from '@alexnet/backend'
import * as tf from '@tensorflow/tfjs'
import { type AlexNetWebGLBackend, createBackend } from './backend.ts'
import { createContext, inspectWebGL, type WebGLReport } from './device.ts'
import { HalfPrecisionError } from './errors.ts'
import { kernels } from './kernels/index.ts'
import type { Kernel } from './kernels/kernel.ts'
import { tfjsClasses } from './tfjs-webgl.ts'

export interface WebGLOptions {
  /** Name of the tfjs backend. Default 'alexnet-webgl'. No underscore. */
  name?: string
  /**
   * What it is for. A device that computes in float16 only is refused for 'training', the default, and
   * allowed for 'inference' with a warning.
   */
  purpose?: 'training' | 'inference'
  /**
   * Most bytes of textures; an operation that needs more throws an OutOfMemoryError. Default: half of the
   * device's memory where the browser tells it (it says 8 GiB at most), otherwise 2 GiB.
   */
  memoryLimit?: number
  /**
   * Whether a driver that renders on the processor will do: right numbers, slower than
   * @alexnet/backend-cpu. For tests. Default false.
   */
  software?: boolean
}

const GIGABYTE = 2 ** 30

/** TensorFlow.js on WebGL 2, watched. */
export function webgl(options: WebGLOptions = {}): BackendAdapter {
  const { name = 'alexnet-webgl' } = options
  if (name.includes('_')) {
    throw new Error(
      `backend name '${name}': tfjs splits kernel keys at underscores, leave them out`,
    )
  }
  return {
    name,
    isSupported: async () => refusal(inspectWebGL(), options) ?? true,
    start: () => start(name, options),
  }
}

/** Why a device will not do, or undefined. */
function refusal(report: WebGLReport, options: WebGLOptions): string | undefined {
  const { purpose = 'training', software = false } = options
  if (!report.available) return report.reason ?? 'this browser has no usable WebGL 2'
  if (report.software && !software) {
    return `WebGL runs on the processor here (${report.device}), where @alexnet/backend-cpu is faster; webgl({ software: true }) uses it all the same`
  }
  if (!report.float32 && purpose === 'training') {
    return `the device (${report.device}) renders to float16 only: gradients underflow and losses become NaN, so it is not trained on; webgl({ purpose: 'inference' }) allows inference`
  }
  return undefined
}

/** Backends that run, by name, with the options that they were started with. */
const running = new Map<
  string,
  { options: string; started: StartedBackend; backend: AlexNetWebGLBackend }
>()

async function start(name: string, options: WebGLOptions): Promise<StartedBackend> {
  const wanted = JSON.stringify(options, Object.keys(options).sort())
  const known = tf.findBackendFactory(name) && running.get(name)
  if (known && !known.backend.ended) {
    // Starting it anew would lose every tensor that it holds.
    if (known.options === wanted) return known.started
    throw new Error(
      `a backend '${name}' already runs with other options (${known.options}, not ${wanted}): ` +
        `give this one another name, or call tf.removeBackend('${name}') first, which loses its tensors`,
    )
  }
  // One that lost its context, or was stopped as tf.engine().reset() does it, is of no more use.
  if (tf.findBackendFactory(name)) tf.removeBackend(name)
  const report = inspectWebGL()
  const reason = refusal(report, options)
  if (reason) throw new Error(reason)
  allowSoftware(options)
  const classes = tfjsClasses()
  const gl = createContext()
  if (!gl) throw new Error('this browser gives no WebGL 2 context')
  const backend = createBackend(classes, gl, {
    name,
    memoryLimit: options.memoryLimit ?? defaultMemoryLimit(),
    float32: report.float32,
  })
  classes.restoreShared()
  registerKernels(name)
  tf.registerBackend(name, () => backend)
  if (!report.float32) {
    console.warn(
      `${name}: ${report.device} computes in float16 only: results are right to about three digits, and it cannot train`,
    )
  }
  const started: StartedBackend = {
    device: report.device,
    features: report.features,
    precision: report.float32 ? 'float32' : 'float16',
    lost: backend.lost,
    // Removing the backend disposes it, which gives the context back.
    stop: () => tf.removeBackend(name),
  }
  running.set(name, { options: wanted, started, backend })
  return started
}

/** tfjs asks for a context with `failIfMajorPerformanceCaveat`, which a software driver may refuse. */
function allowSoftware({ software = false }: WebGLOptions): void {
  if (!software || tf.env().getBool('HAS_WEBGL')) return
  tf.env().set('SOFTWARE_WEBGL_ENABLED', true)
  tf.env().set('WEBGL_VERSION', 2)
  tf.env().set('HAS_WEBGL', true)
}

function defaultMemoryLimit(): number {
  const { deviceMemory } = globalThis.navigator as { deviceMemory?: number }
  return deviceMemory ? (deviceMemory / 2) * GIGABYTE : 2 * GIGABYTE
}

/** Kernels that only training needs. */
const gradientKernels = new Set([
  'Conv2DBackpropFilter',
  'GroupedConv2DBackpropFilter',
  'MaxPoolGrad',
  'AvgPoolGrad',
  'LRNGrad',
  'MomentumStep',
])

type TfjsKernel = (call: Parameters<Kernel['run']>[0]) => tf.TensorInfo | tf.TensorInfo[]

function registerKernels(name: string): void {
  if (tf.getKernelsForBackend(name).length > 0) return
  const own = new Map(kernels.map((kernel) => [kernel.name, kernel.run as TfjsKernel]))
  const stock = tf
    .getKernelsForBackend('webgl')
    .map((kernel) => [kernel.kernelName, kernel.kernelFunc as unknown as TfjsKernel] as const)
  for (const [kernelName, run] of new Map([...stock, ...own])) {
    tf.registerKernel({
      kernelName,
      backendName: name,
      kernelFunc: guarded(kernelName, run) as unknown as tf.KernelFunc,
    })
  }
}

function guarded(kernelName: string, run: TfjsKernel): TfjsKernel {
  return (call) => {
    const backend: AlexNetWebGLBackend = call.backend
    if (backend.halfPrecision && gradientKernels.has(kernelName)) {
      throw new HalfPrecisionError(
        `${kernelName}: this device computes in float16 only and is not trained on; train on another backend, e.g. cpu() from @alexnet/backend-cpu`,
      )
    }
    return backend.undoOnError(() => run(call))
  }
}
