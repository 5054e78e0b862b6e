// `bench dawn`: our WebGPU backend beside tfjs's own on the same GPU, in one Node process, turn by turn; and
// by kernel the dispatches, threads and bound bytes, which do not depend on the device.

import { useBackend } from '@alexnet/backend'
import { webgpu } from '@alexnet/backend-webgpu/node'
import { createAlexNet, type Variant } from '@alexnet/core'
import { type BatchSource, constant, Sgd, Trainer } from '@alexnet/train'
import * as tf from '@tensorflow/tfjs'
import {
  byKernel,
  type DeviceResult,
  type DeviceTaskOptions,
  type Engine,
  engines,
  type KernelWork,
  SAME,
} from '../device-report.ts'
import { BenchError } from '../errors.ts'
import { kernelTensor, seeds } from '../kernel-cases.ts'
import { describeMachine, versionOf } from '../machine.ts'
import { ratios, relativeDifference, summarize } from '../statistics.ts'
import { DawnCounter } from './dawn-count.ts'

/** What is there of a tfjs WebGPU backend that a second one is made from. */
interface WebGPUBackend extends tf.KernelBackend {
  device: GPUDevice
}

/**
 * Times both and counts their work.
 *
 * @throws BenchError when the two compute different numbers
 */
export async function compareDawn(options: DeviceTaskOptions): Promise<DeviceResult> {
  const { variant, batch, rounds, work } = options
  const machine = describeMachine()
  const active = await useBackend([webgpu({ software: true })])
  const names: Record<Engine, string> = { alexnet: active.name, tfjs: await startTfjs() }
  const samples: Record<Engine, number[]> = { alexnet: [], tfjs: [] }
  const done: Record<string, Record<string, KernelWork>> = {}
  const outputs: Record<string, number[]> = {}
  const iterate: Record<string, () => Promise<number[]>> = {}
  for (const engine of engines) {
    await tf.setBackend(names[engine])
    const { device } = tf.backend() as WebGPUBackend
    iterate[engine] = work === 'train' ? training(options) : inference(options)
    outputs[engine] = await iterate[engine]!()
    // After the first, which compiles.
    const counter = new DawnCounter(device)
    counter.follow(names[engine])
    restartPipelines()
    await iterate[engine]!()
    counter.take()
    await iterate[engine]!()
    done[engine] = counter.take()
  }
  const difference = relativeDifference(outputs.alexnet!, outputs.tfjs!)
  if (!(difference <= SAME)) {
    throw new BenchError(`the outputs differ by ${difference}, relative: nothing was timed`)
  }
  for (let round = 0; round < rounds; round++) {
    for (const engine of engines) {
      await tf.setBackend(names[engine])
      const begin = performance.now()
      await iterate[engine]!()
      samples[engine].push(performance.now() - begin)
    }
  }
  const result: DeviceResult = {
    task: 'dawn',
    work,
    variant,
    batch,
    rounds,
    difference,
    machine,
    device: active.device,
    features: active.features,
    software: `Node ${machine.node}, Dawn (webgpu ${versionOf('webgpu')})`,
    tfjs: versionOf('@tensorflow/tfjs'),
    milliseconds: { alexnet: summarize(samples.alexnet), tfjs: summarize(samples.tfjs) },
    ratio: summarize(ratios(samples.alexnet, samples.tfjs)),
    kernels: byKernel(done.alexnet!, done.tfjs!),
  }
  for (const engine of engines) tf.removeBackend(names[engine])
  return result
}

/** Forgets the current backend's pipelines, so that a counter sees them made. */
function restartPipelines(): void {
  const backend = tf.backend() as unknown as { pipelineCache: object }
  backend.pipelineCache = {}
}

/** tfjs's backend on a device of its own with the same adapter and limits, its kernels as they are. */
export async function startTfjs(): Promise<string> {
  const name = 'tfjs-webgpu'
  const stock = tf.backend().constructor
  const WebGPUBackend = Object.getPrototypeOf(stock) as new (
    device: GPUDevice,
    info: GPUAdapterInfo,
  ) => tf.KernelBackend
  const gpu = (globalThis.navigator as Navigator & { gpu: GPU }).gpu
  const adapter = (await gpu.requestAdapter({ powerPreference: 'high-performance' }))!
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits
  const { maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup } = adapter.limits
  const own = await adapter.requestDevice({
    requiredLimits: {
      maxBufferSize,
      maxStorageBufferBindingSize,
      maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup,
    },
  })
  const backend = new WebGPUBackend(own, adapter.info)
  if (tf.getKernelsForBackend(name).length === 0) tf.copyRegisteredKernels('webgpu', name)
  tf.registerBackend(name, () => backend)
  return name
}

/** A training step at a time; gives its loss. */
function training({ variant, batch }: DeviceTaskOptions): () => Promise<number[]> {
  // Without dropout, whose kernel draws the same masks but sums them in another order.
  const model = createAlexNet({ variant: variant as Variant, classes: 10, dropout: 0, seed: 1 })
  const optimizer = new Sgd({ learningRate: 1e-3, momentum: 0.9, weightDecay: 5e-4 })
  const trainer = new Trainer({ model, optimizer })
  const { images, shape } = pictures(model, batch)
  const labels = Int32Array.from({ length: batch }, (_, i) => i % 10)
  const source: BatchSource = {
    length: 100_000,
    async *[Symbol.asyncIterator]() {
      for (;;) yield { images, shape, labels }
    },
  }
  const events = trainer.fit({ epochs: 1, batches: () => source, schedule: constant(1e-3) })
  return async () => {
    const { value } = await events.next()
    if (value?.type !== 'step') throw new BenchError('the training ended')
    // The step's last commands are only sent: have them done.
    const [weight] = model.trainableWeights
    await (weight!.read() as tf.Tensor).data()
    return [value.loss]
  }
}

function inference({ variant, batch }: DeviceTaskOptions): () => Promise<number[]> {
  const model = createAlexNet({ variant: variant as Variant, seed: 1 })
  const { images, shape } = pictures(model, batch)
  return async () => {
    const logits = tf.tidy(
      () => model.apply(tf.tensor4d(images, shape), { training: false }) as tf.Tensor,
    )
    const values = await logits.data()
    logits.dispose()
    return [...values]
  }
}

function pictures(model: tf.LayersModel, batch: number) {
  const size = model.inputs[0]!.shape[1]!
  const shape: [number, number, number, number] = [batch, size, size, 3]
  return { images: kernelTensor(shape, seeds.input), shape }
}
