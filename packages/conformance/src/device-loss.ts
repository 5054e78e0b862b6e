// What a lost device must do to a training run: the loss is told under its name, no step is counted after
// it, and the run goes on from its last checkpoint on another backend as if nothing had happened.

import { createAlexNet } from '@alexnet/core'
import { type BatchSource, type Checkpoint, constant, Sgd, Trainer } from '@alexnet/train'
import { generate } from './pytorch/generate.ts'

const steps = 6
const checkpointAfter = 2

export interface DeviceLoss {
  /** The error's name that ended the run; undefined if nothing did. */
  error: string | undefined
  /** Steps done when the device was lost, and those that were counted in the end. */
  stepsAtLoss: number
  stepsCounted: number
  /** Losses of the steps after the checkpoint, on the other backend. */
  resumed: number[]
}

export interface DeviceLossOptions {
  /** Makes the backend current, freshly started. */
  start(): Promise<unknown>
  /** Takes the device away. */
  lose(): void
  /** Makes the backend current on which the run goes on. */
  startOther(): Promise<unknown>
  /** Milliseconds after the checkpoint at which the device is lost, in the middle of whatever runs then. */
  delay: number
}

/** Trains LeNet-5 on the current backend without a disturbance; the losses of its steps. */
export async function undisturbed(): Promise<number[]> {
  const { trainer, dispose } = begin()
  const losses = await follow(trainer, steps)
  dispose()
  return losses
}

export async function trainThroughLoss(options: DeviceLossOptions): Promise<DeviceLoss> {
  await options.start()
  const first = begin()
  await follow(first.trainer, checkpointAfter)
  const checkpoint = await first.trainer.checkpoint()
  let stepsAtLoss = -1
  const timer = setTimeout(() => {
    stepsAtLoss = first.trainer.step
    options.lose()
  }, options.delay)
  let error: string | undefined
  try {
    // More steps than the delay leaves time for.
    await follow(first.trainer, 100_000)
  } catch (caught) {
    error = (caught as Error).name
  }
  clearTimeout(timer)
  const stepsCounted = first.trainer.step
  first.dispose()

  await options.startOther()
  const second = begin(checkpoint)
  const resumed = await follow(second.trainer, steps)
  second.dispose()
  return { error, stepsAtLoss, stepsCounted, resumed }
}

function begin(checkpoint?: Checkpoint) {
  const model = createAlexNet({ variant: 'lenet-5', classes: 10, seed: 1 })
  const trainer = new Trainer({ model, optimizer: new Sgd({ learningRate: 0.01, momentum: 0.9 }) })
  if (checkpoint) trainer.restore(checkpoint)
  const dispose = () => {
    trainer.dispose()
    model.dispose()
  }
  return { trainer, dispose }
}

/** Goes on until so many steps are done; the losses of those that were done here. */
async function follow(trainer: Trainer, until: number): Promise<number[]> {
  const losses: number[] = []
  const batches = ({ start }: { start: number }): BatchSource => ({
    length: 100_000,
    async *[Symbol.asyncIterator]() {
      for (let i = start; i < 100_000; i++) yield pictures(i)
    },
  })
  for await (const event of trainer.fit({ epochs: 1, batches, schedule: constant(0.01) })) {
    if (event.type !== 'step') continue
    losses.push(event.loss)
    if (event.step >= until) break
  }
  return losses
}

function pictures(index: number) {
  const shape: [number, number, number, number] = [4, 32, 32, 3]
  const images = generate({ name: `loss ${index % 10}`, shape, bound: 1 })
  return { images, shape, labels: Int32Array.from({ length: 4 }, (_, i) => (index + i) % 10) }
}
