// What this machine's WebGPU can do, asked without starting a backend and without ever throwing, and the
// device that the backend gets: with all the memory that the adapter allows, because AlexNet's first fully
// connected layer alone is 151 MB, more than the 128 MiB that a device binds unless asked for more.

import { messageOf } from './errors.ts'

export interface WebGPUReport {
  available: boolean
  /** Why it is not available, in words a user can act on. */
  reason?: string
  /** The device's name as the driver gives it; 'unknown' where it is hidden. */
  device: string
  /** Computed by the processor: right numbers, slower than @alexnet/backend-cpu. */
  software: boolean
  /** 'shader-f16', 'subgroups', 'timestamp-query': what it has of what is made use of or reported. */
  features: string[]
  /** Most bytes of one tensor. */
  maxTensorBytes: number
  /** Bytes of memory that the threads of a workgroup share. */
  workgroupMemory: number
}

/** Where WebGPU comes from: a browser's navigator, or Dawn in Node. May throw the reason why it does not. */
export type GPUSource = () => Promise<GPU | undefined>

export const browserGPU: GPUSource = async () =>
  (globalThis.navigator as Navigator | undefined)?.gpu

/** Names by which drivers that compute on the processor call themselves. */
const softwareDevice = /swiftshader|llvmpipe|lavapipe|software|microsoft basic render/i

/** Looks at the machine's WebGPU. Never throws. */
export async function inspectWebGPU(source: GPUSource = browserGPU): Promise<WebGPUReport> {
  const nothing: WebGPUReport = {
    available: false,
    device: 'unknown',
    software: false,
    features: [],
    maxTensorBytes: 0,
    workgroupMemory: 0,
  }
  try {
    const gpu = await source()
    if (!gpu) return { ...nothing, reason: 'this browser has no WebGPU (navigator.gpu)' }
    const adapter = await requestAdapter(gpu)
    if (!adapter)
      return { ...nothing, reason: 'WebGPU found no adapter: no GPU driver that it can use' }
    return { ...reportOf(adapter), available: true }
  } catch (error) {
    return { ...nothing, reason: messageOf(error) }
  }
}

export function requestAdapter(gpu: GPU): Promise<GPUAdapter | null> {
  return gpu.requestAdapter({ powerPreference: 'high-performance' })
}

export function reportOf(adapter: GPUAdapter): Omit<WebGPUReport, 'available'> {
  const { info, limits, features } = adapter
  const device = info.description || [info.vendor, info.architecture].filter(Boolean).join(' ')
  const named = [info.description, info.device, info.vendor, info.architecture].join(' ')
  return {
    device: device || 'unknown',
    software: softwareDevice.test(named) || info.isFallbackAdapter === true,
    features: reported.filter((feature) => features.has(feature)),
    maxTensorBytes: Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize),
    workgroupMemory: limits.maxComputeWorkgroupStorageSize,
  }
}

const reported = ['shader-f16', 'subgroups', 'timestamp-query'] as const

const raisedLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupsPerDimension',
] as const

/** A device with the adapter's own limits. */
export function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  return adapter.requestDevice({
    requiredFeatures: reported.filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(raisedLimits.map((name) => [name, adapter.limits[name]])),
  })
}
