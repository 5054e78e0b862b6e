// One backend on this device: whether it runs, whether it is right, how fast it is, and what it answers, for
// the page to hold beside the others. Each is measured in a worker of its own.
import { selfCheck } from '@alexnet/backend'
import { createAlexNet } from '@alexnet/core'
import { Sgd, Trainer } from '@alexnet/train'
import * as tf from '@tensorflow/tfjs'
import { startBackend } from './backends.ts'
import type { BackendName } from './protocol.ts'

export interface Measurement {
  name: BackendName
  /** Why it cannot be used, in words that say what to do. */
  unusable?: string
  device?: string
  features?: string[]
  selfCheck?: { passed: boolean; tolerance: number; results: { name: string; error: number }[] }
  /** Of the AlexNet for 32×32 pictures: medians. */
  inference?: { batch: number; milliseconds: number }[]
  training?: { batch: number; milliseconds: number }
  /** Logits of eight fixed pictures, to compare. */
  logits?: number[]
}

const SIZE = 32
const BATCH = 16
/** Pictures a training step of a device that takes seconds to classify as many as others train on. */
const SLOW_BATCH = 2
const MOST_MILLISECONDS = 1500

/** What is being done with a backend. */
export type Stage = 'starting' | 'checking' | 'classifying' | 'training'

export class Measurer {
  async measure(name: BackendName, onStage: (stage: Stage) => void): Promise<Measurement> {
    onStage('starting')
    let started: Awaited<ReturnType<typeof startBackend>>
    try {
      started = await startBackend(name, () => {}, 'training')
    } catch (error) {
      return { name, unusable: (error as Error).message }
    }
    onStage('checking')
    const check = await selfCheck()
    const model = createAlexNet({ variant: 'cifar', seed: 1, dropout: 0 })
    onStage('classifying')
    const logits = await this.#run(model, 8)
    const inference: { batch: number; milliseconds: number }[] = []
    for (const batch of [1, BATCH]) {
      inference.push({ batch, milliseconds: await median(() => this.#run(model, batch)) })
    }
    onStage('training')
    const isSlow = inference.at(-1)!.milliseconds > 1000
    const batch = isSlow ? SLOW_BATCH : BATCH
    const training = { batch, milliseconds: await this.#train(model, batch) }
    model.dispose()
    const { device, features } = started
    const { passed, tolerance, results } = check
    return {
      name,
      device,
      features,
      selfCheck: { passed, tolerance, results },
      inference,
      training,
      logits: [...logits],
    }
  }

  async #run(model: tf.LayersModel, batch: number): Promise<Float32Array> {
    const output = tf.tidy(() => model.predictOnBatch(tf.tensor4d(pictures(batch), shape(batch))))
    try {
      return Float32Array.from(await (output as tf.Tensor).data())
    } finally {
      tf.dispose(output)
    }
  }

  /** Median of a training step's time. */
  async #train(model: tf.LayersModel, size: number): Promise<number> {
    const optimizer = new Sgd({ momentum: 0.9 })
    const trainer = new Trainer({ model, optimizer })
    const labels = Int32Array.from({ length: size }, (_, i) => i % 10)
    const steps = 8
    const batch = { images: pictures(size), shape: shape(size), labels }
    const times: number[] = []
    const batches = () => ({
      length: steps,
      async *[Symbol.asyncIterator]() {
        const begin = performance.now()
        for (let step = 0; step < steps; step++) {
          yield { ...batch, images: Float32Array.from(batch.images) }
          if (performance.now() - begin > 2 * MOST_MILLISECONDS) return
        }
      },
    })
    for await (const event of trainer.fit({ epochs: 1, batches, schedule: () => 1e-4 })) {
      if (event.type === 'step') times.push(event.seconds * 1000)
    }
    optimizer.dispose()
    // The first compiles what it needs.
    return middle(times.length > 1 ? times.slice(1) : times)
  }
}

const shape = (batch: number): [number, number, number, number] => [batch, SIZE, SIZE, 3]

/** The same pictures on every backend. */
function pictures(count: number): Float32Array {
  return Float32Array.from(
    { length: count * SIZE * SIZE * 3 },
    (_, i) => ((i * 7919) % 1021) / 510.5 - 1,
  )
}

async function median(work: () => Promise<unknown>): Promise<number> {
  await work()
  const times: number[] = []
  const begin = performance.now()
  while (times.length < 20 && performance.now() - begin < MOST_MILLISECONDS) {
    const started = performance.now()
    await work()
    times.push(performance.now() - started)
  }
  return middle(times)
}

function middle(times: number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN
}
