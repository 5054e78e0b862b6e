// The adapter: looks at the device, and opens a context of its own for the guarded backend.

import type { BackendAdapter } from '@alexnet/backend'
import { defineBackend } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import { type AlexNetWebGLBackend, createBackend } from './backend.ts'
import { createContext, inspectWebGL, type WebGLReport } from './device.ts'
import { HalfPrecisionError } from './errors.ts'
import { kernels } from './kernels/index.ts'
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
export const webgl: (options?: WebGLOptions) => BackendAdapter = defineBackend<
  WebGLOptions,
  AlexNetWebGLBackend
>({
  name: 'alexnet-webgl',
  base: 'webgl',
  kernels,
  supported: (options) => refusal(inspectWebGL(), options) ?? true,
  async open(name, options) {
    allowSoftware(options)
    const { device, features, float32 } = inspectWebGL()
    const classes = tfjsClasses()
    const gl = createContext()
    if (!gl) throw new Error('this browser gives no WebGL 2 context')
    const memoryLimit = options.memoryLimit ?? defaultMemoryLimit()
    const backend = createBackend(classes, gl, { name, memoryLimit, float32 })
    classes.restoreShared()
    if (!float32) {
      console.warn(
        `${name}: ${device} computes in float16 only: results are right to about three digits, and it cannot train`,
      )
    }
    const precision = float32 ? 'float32' : 'float16'
    return { backend, device, features, build: 'webgl2', precision, lost: backend.lost }
  },
  before(kernelName, { halfPrecision }) {
    if (!halfPrecision || !gradientKernels.has(kernelName)) return
    throw new HalfPrecisionError(
      `${kernelName}: this device computes in float16 only and is not trained on; train on another backend, e.g. cpu() from @alexnet/backend-cpu`,
    )
  },
})

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
