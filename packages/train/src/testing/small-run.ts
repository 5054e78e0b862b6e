// A run small enough for tests: pictures of 4×4 that a linear layer can tell apart, and a network with one
// of every kind of layer that training treats specially. For tests only.

import { Dropout } from '@alexnet/core/layers'
import * as tf from '@tensorflow/tfjs'
import type { BatchSource } from '../batch.ts'

/** Pictures of 4×4 that a linear layer can tell apart, another order each epoch. */
export function batches({ epoch, start }: { epoch: number; start: number }): BatchSource {
  return {
    length: 5,
    async *[Symbol.asyncIterator]() {
      for (let batch = start; batch < 5; batch++) {
        const labels = Int32Array.from({ length: 6 }, (_, row) => (row + batch + epoch) % 3)
        const images = new Float32Array(6 * 48)
        for (const [row, label] of labels.entries()) {
          for (let place = 0; place < 48; place++) {
            images[row * 48 + place] =
              Math.sin(place * (label + 1)) + 0.3 * Math.cos(17 * row + batch)
          }
        }
        yield { images, shape: [6, 4, 4, 3], labels }
      }
    },
  }
}

export function createModel(): tf.LayersModel {
  const glorot = (seed: number) => tf.initializers.glorotUniform({ seed })
  return tf.sequential({
    layers: [
      tf.layers.conv2d({
        name: 'features.0',
        inputShape: [4, 4, 3],
        filters: 4,
        kernelSize: 3,
        kernelInitializer: glorot(1),
      }),
      tf.layers.flatten({ name: 'flatten' }),
      new Dropout({ name: 'classifier.0', rate: 0.5, seed: 7 }),
      tf.layers.dense({ name: 'classifier.1', units: 3, kernelInitializer: glorot(2) }),
    ],
  })
}
