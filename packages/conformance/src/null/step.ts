// A forward pass and a training step of a network for the null backend and those that it is held to.

import { type AlexNetOptions, createAlexNet } from '@alexnet/core'
import { type FitOptions, type Optimizer, Sgd, Trainer } from '@alexnet/train'
import * as tf from '@tensorflow/tfjs'

const PICTURES = 2

export interface StepSettings
  extends Pick<AlexNetOptions, 'variant' | 'inputSize' | 'classes'>,
    Partial<Pick<FitOptions, 'headEpochs' | 'clipNorm'>> {
  optimizer?: Optimizer
}

/** With weights of zero. */
export const network = ({ variant, inputSize, classes }: StepSettings) =>
  createAlexNet({ variant, inputSize, classes, initialize: false })

/** Logits of pictures, disposed of. */
export function forward(model: tf.LayersModel): void {
  tf.tidy(() => void model.apply(tf.zeros([PICTURES, ...pictureShape(model)])))
}

/** Trains two steps; `onSecond` is called before the second, when the optimiser has its slots. */
export async function twoSteps(
  model: tf.LayersModel,
  { optimizer = new Sgd({ momentum: 0.9, weightDecay: 5e-4 }), ...options }: StepSettings,
  onSecond?: () => void,
): Promise<void> {
  const [height, width, channels] = pictureShape(model)
  const batch = {
    images: new Float32Array(PICTURES * height * width * channels),
    shape: [PICTURES, height, width, channels] as const,
    labels: Int32Array.of(0, 1),
  }
  const batches = () => ({
    length: 2,
    async *[Symbol.asyncIterator]() {
      yield batch
      onSecond?.()
      yield batch
    },
  })
  const trainer = new Trainer({ model, optimizer })
  const events = trainer.fit({ ...options, epochs: 1, batches, schedule: () => 0.01 })
  let steps = 0
  for await (const { type } of events) if (type === 'step' && ++steps === 2) break
  trainer.dispose()
}

const pictureShape = (model: tf.LayersModel) =>
  model.inputs[0]!.shape.slice(1) as [number, number, number]
