// Device loss on WebGPU in Node, by GPUDevice.destroy(): the driver of src/device-loss.ts that its test and
// scripts/device-loss.ts share.

import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { webgpu } from '@alexnet/backend-webgpu/node'
import * as tf from '@tensorflow/tfjs'
import { type DeviceLoss, trainThroughLoss } from './device-loss.ts'

/** @param delay milliseconds of training before the device is destroyed */
export async function loseWebGPU(delay: number): Promise<DeviceLoss> {
  const adapter = webgpu({ software: true })
  const result = await trainThroughLoss({
    start: () => useBackend([adapter]),
    lose: () => (tf.backend() as unknown as { device: GPUDevice }).device.destroy(),
    startOther: () => useBackend([cpu({ threads: 1 })]),
    delay,
  })
  tf.removeBackend(adapter.name)
  return result
}

/** What is wrong with how a loss went, if anything. */
export function complaints(loss: DeviceLoss, expected: readonly number[]): string[] {
  const { error, stepsAtLoss, stepsCounted, resumed } = loss
  const found: string[] = []
  if (error !== 'DeviceLostError') found.push(`ended by ${error}, not a DeviceLostError`)
  if (stepsCounted !== stepsAtLoss) {
    found.push(`lost after ${stepsAtLoss} steps, and ${stepsCounted} were counted`)
  }
  const after = expected.slice(-resumed.length)
  const apart = Math.max(...resumed.map((v, i) => Math.abs(v - after[i]!) / after[i]!))
  if (resumed.length === 0 || !(apart < 1e-3)) found.push(`resumed with losses ${apart} apart`)
  return found
}
