// tfjs's own WebGPU backend over a device with all that its adapter allows, as tfjs starts it in a browser.

import type * as tf from '@tensorflow/tfjs'

const features = ['timestamp-query', 'bgra8unorm-storage'] as const
const limits = [
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
] as const

export async function tfjsWebGPU(): Promise<tf.KernelBackend> {
  const adapter = await navigator.gpu.requestAdapter()
  if (!adapter) throw new Error('no WebGPU adapter')
  const device = await adapter.requestDevice({
    requiredFeatures: features.filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(limits.map((name) => [name, adapter.limits[name]])),
  })
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu')
  return new WebGPUBackend(device, adapter.info)
}
