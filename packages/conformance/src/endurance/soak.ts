// Trains for a long time and watches memory: a leak of one small tensor a step, or an allocator that
// fragments, shows as a line that rises, long before it fills a machine.

import { createAlexNet, type Variant } from '@alexnet/core'
import { type BatchSource, constant, Sgd, Trainer } from '@alexnet/train'
import * as tf from '@tensorflow/tfjs'
import { generate } from '../pytorch/generate.ts'

export interface MemorySample {
  step: number
  tensors: number
  tensorBytes: number
  /** Bytes of WebAssembly or GPU memory that are in use, and that were taken from the system. */
  usedBytes: number
  reservedBytes: number
  /** Resident memory of the process, JavaScript's heap included; 0 in a page. */
  residentBytes: number
  loss: number
}

export interface SoakOptions {
  steps: number
  /** Steps between samples. */
  every: number
  /** Default 'cifar'. */
  variant?: Variant
  /** Pictures a step. Default 16. */
  batch?: number
}

/** Trains on the current backend; batches of two sizes, as the last batch of an epoch is a smaller one. */
export async function* soak(options: SoakOptions): AsyncGenerator<MemorySample> {
  const { steps, every, variant = 'cifar', batch = 16 } = options
  const model = createAlexNet({ variant, classes: 10 })
  const size = model.inputs[0]!.shape[1]!
  const optimizer = new Sgd({ learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 })
  const trainer = new Trainer({ model, optimizer })
  const batches = (): BatchSource => ({
    length: 10,
    async *[Symbol.asyncIterator]() {
      for (let i = 0; i < 10; i++) yield pictures(i < 9 ? batch : Math.ceil(batch / 3), size, i)
    },
  })
  const fit = trainer.fit({ epochs: Math.ceil(steps / 10), batches, schedule: constant(0.01) })
  for await (const event of fit) {
    if (event.type !== 'step') continue
    if (event.step % every === 0) yield sample(event.step, event.loss)
    if (event.step >= steps) break
  }
  optimizer.dispose()
  model.dispose()
}

/** Predicts on the current backend, one picture at a time. */
export async function* soakPredictions(options: {
  predictions: number
  every: number
  variant: Variant
}): AsyncGenerator<MemorySample> {
  const model = createAlexNet({ variant: options.variant, classes: 10 })
  const size = model.inputs[0]!.shape[1]!
  const { images, shape } = pictures(1, size, 0)
  for (let i = 1; i <= options.predictions; i++) {
    const logits = tf.tidy(() => model.predict(tf.tensor4d(images, shape)) as tf.Tensor)
    const [first = Number.NaN] = await logits.data()
    logits.dispose()
    if (i % options.every === 0) yield sample(i, first)
  }
  model.dispose()
}

function pictures(count: number, size: number, index: number) {
  const shape: [number, number, number, number] = [count, size, size, 3]
  const images = generate({ name: `soak ${index}`, shape, bound: 1 })
  return { images, shape, labels: Int32Array.from({ length: count }, (_, i) => (index + i) % 10) }
}

function sample(step: number, loss: number): MemorySample {
  const memory = tf.memory() as tf.MemoryInfo & Record<string, number | undefined>
  return {
    step,
    tensors: memory.numTensors,
    tensorBytes: memory.numBytes,
    usedBytes: memory.numBytesInUse ?? memory.numBytesInGPU ?? 0,
    reservedBytes: memory.numBytesReserved ?? memory.numBytesInGPUAllocated ?? 0,
    residentBytes: globalThis.process?.memoryUsage?.().rss ?? 0,
    loss,
  }
}

/**
 * What rose from one sample to a later one: counts and bytes that must not, by name. What is kept for reuse depends a
 * little on how much of the device's work is under way when more is asked for.
 */
export function growth(from: MemorySample, to: MemorySample): string[] {
  const slack = { tensors: 1, tensorBytes: 1, usedBytes: 1, reservedBytes: 1.01 }
  return (Object.keys(slack) as (keyof typeof slack)[])
    .filter((key) => to[key] > from[key] * slack[key])
    .map((key) => `${key} rose from ${from[key]} at step ${from.step} to ${to[key]} at ${to.step}`)
}
