// `bench dawn`: our WebGPU backend beside tfjs's own on the same GPU, in one Node process, turn by turn; and
// by kernel the dispatches, threads and bound bytes, which do not depend on the device.

import { type ActiveBackend, useBackend } from '@alexnet/backend'
import { webgpu } from '@alexnet/backend-webgpu/node'
import { createAlexNet, type Variant } from '@alexnet/core'
import { type BatchSource, constant, Sgd, Trainer } from '@alexnet/train'
import * as tf from '@tensorflow/tfjs'
import { BenchError } from '../errors.ts'
import { kernelTensor, seeds } from '../kernel-cases.ts'
import { describeMachine, type Machine } from '../machine.ts'
import { ratios, relativeDifference, type Summary, summarize } from '../statistics.ts'
import { textTable } from '../table.ts'
import { DawnCounter, type KernelWork } from './dawn-count.ts'

const engines = ['alexnet', 'tfjs'] as const
type Engine = (typeof engines)[number]

export interface DawnTaskOptions {
  variant: string
  batch: number
  rounds: number
  work: 'infer' | 'train'
}

export interface DawnResult {
  task: 'dawn'
  work: string
  variant: string
  batch: number
  device: string
  features: string[]
  machine: Machine
  /** Milliseconds an iteration. */
  milliseconds: Record<Engine, Summary>
  /** Ours divided by tfjs's, round by round: below 1 ours is faster. */
  ratio: Summary
  /** Largest difference of the outputs, relative to the largest. */
  difference: number
  /** Work of one iteration by kernel. */
  kernels: { kernel: string; ours: KernelWork; tfjs: KernelWork }[]
}

/** Largest relative difference of logits or losses that still is the same network. */
const SAME = 1e-4
const nothing: KernelWork = { dispatches: 0, threads: 0, bytes: 0 }

/** What is there of a tfjs WebGPU backend that a second one is made from. */
interface WebGPUBackend extends tf.KernelBackend {
  device: GPUDevice
}

/**
 * Times both and counts their work.
 *
 * @throws BenchError when the two compute different numbers
 */
export async function compareDawn(options: DawnTaskOptions): Promise<DawnResult> {
  const { variant, batch, rounds, work } = options
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
  const result: DawnResult = {
    ...{ task: 'dawn', work, variant, batch, difference, machine: describeMachine() },
    ...device(active),
    milliseconds: { alexnet: summarize(samples.alexnet), tfjs: summarize(samples.tfjs) },
    ratio: summarize(ratios(samples.alexnet, samples.tfjs)),
    kernels: [...new Set([...Object.keys(done.tfjs!), ...Object.keys(done.alexnet!)])].map(
      (kernel) => ({
        kernel,
        ours: done.alexnet![kernel] ?? nothing,
        tfjs: done.tfjs![kernel] ?? nothing,
      }),
    ),
  }
  for (const engine of engines) tf.removeBackend(names[engine])
  return result
}

const device = ({ device, features }: ActiveBackend) => ({ device, features })

/** Forgets the current backend's pipelines, so that a counter sees them made. */
function restartPipelines(): void {
  const backend = tf.backend() as unknown as { pipelineCache: object }
  backend.pipelineCache = {}
}

/** tfjs's backend on a device of its own with the same adapter and limits, its kernels as they are. */
async function startTfjs(): Promise<string> {
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
      ...{ maxBufferSize, maxStorageBufferBindingSize },
      ...{ maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup },
    },
  })
  const backend = new WebGPUBackend(own, adapter.info)
  tf.copyRegisteredKernels('webgpu', name)
  tf.registerBackend(name, () => backend)
  return name
}

/** A training step at a time; gives its loss. */
function training({ variant, batch }: DawnTaskOptions): () => Promise<number[]> {
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

function inference({ variant, batch }: DawnTaskOptions): () => Promise<number[]> {
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

/** The result as text of at most 80 columns. */
export function formatDawn(result: DawnResult): string {
  const { work, variant, batch, milliseconds, ratio, kernels, device, machine } = result
  const sum = (engine: 'ours' | 'tfjs') =>
    kernels.reduce(
      (total, { [engine]: own }) => ({
        dispatches: total.dispatches + own.dispatches,
        threads: total.threads + own.threads,
        bytes: total.bytes + own.bytes,
      }),
      nothing,
    )
  const cells = (name: string, ours: KernelWork, tfjs: KernelWork) => [
    name,
    ...[ours, tfjs].flatMap(({ dispatches, threads, bytes }) => [
      String(dispatches),
      (threads / 1e3).toFixed(0),
      (bytes / 1e6).toFixed(1),
    ]),
  ]
  const times = (summary: Summary) =>
    `${summary.median.toFixed(1)} ms (${summary.low.toFixed(1)} to ${summary.high.toFixed(1)})`
  const right = (head: string) => ({ head, align: 'right' as const })
  return [
    `${work === 'infer' ? 'Inference' : 'A training step'} of ${variant}, batch ${batch}`,
    `${device}; Node ${machine.node}, outputs within ${result.difference.toExponential(1)}`,
    '',
    `alexnet-webgpu  ${times(milliseconds.alexnet)}`,
    `tfjs-webgpu     ${times(milliseconds.tfjs)}`,
    `ratio           ${ratio.median.toFixed(2)} (${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)}); below 1 ours is faster`,
    '',
    ...textTable(
      [
        { head: 'kernel', align: 'left' },
        ...[right('ours'), right('kthr'), right('MB')],
        ...[right('tfjs'), right('kthr'), right('MB')],
      ],
      [
        ...kernels.map(({ kernel, ours, tfjs }) => cells(kernel, ours, tfjs)),
        cells('all', sum('ours'), sum('tfjs')),
      ],
    ),
    '',
    'Dispatches, thousands of threads, and megabytes of the buffers they had bound.',
  ].join('\n')
}
