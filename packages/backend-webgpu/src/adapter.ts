// The adapter: looks at the machine's WebGPU, and takes a device with all that its adapter allows.

import type { BackendAdapter } from '@alexnet/backend'
import { defineBackend } from '@alexnet/backend/kernels'
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

/** The function of options that gives the adapter over a source of WebGPU. */
export const backendOf = (source: (options: WebGPUOptions) => ReturnType<GPUSource>) =>
  defineBackend<WebGPUOptions, AlexNetWebGPUBackend>({
    name: 'alexnet-webgpu',
    base: 'webgpu',
    kernels,
    supported: async (options) =>
      refusal(await inspectWebGPU(() => source(options)), options) ?? true,
    async open(name, options) {
      const gpu = await source(options)
      const adapter = gpu && (await requestAdapter(gpu))
      if (!adapter) throw new Error('WebGPU found no adapter')
      const { device: deviceName, features, software } = reportOf(adapter)
      const Base = await loadTfjsWebGPU()
      const device = await requestDevice(adapter)
      const { memoryLimit = 8 * 2 ** 30 } = options
      const backend = createBackend(Base, device, adapter.info, { name, memoryLimit })
      const prepare = async () => {
        if (options.tune ?? !software) backend.tuning = await tune(backend, deviceName)
        if (options.subgroups === false) backend.subgroups = false
        // A processor has few cores to keep busy.
        if (software) backend.tuning = { ...backend.tuning, enoughTiles: 4 }
      }
      return { backend, device: deviceName, features, build: 'wgsl', lost: backend.lost, prepare }
    },
  })

/** TensorFlow.js on WebGPU, watched, with kernels for training. */
export const webgpu: (options?: WebGPUOptions) => BackendAdapter = backendOf(browserGPU)

/** Why a device will not do, or undefined. */
function refusal(report: WebGPUReport, { software = false }: WebGPUOptions): string | undefined {
  if (!report.available) return report.reason
  if (report.software && !software) {
    return `WebGPU runs on the processor here (${report.device}), where @alexnet/backend-cpu is faster; webgpu({ software: true }) uses it all the same`
  }
  return undefined
}
