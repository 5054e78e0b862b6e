// What every consumer's program does: starts a backend (twice at a time, as React's StrictMode does), reads the
// bundled model, decodes a picture, classifies it, and has workers prepare four more.
import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { cifar10 } from '@alexnet/cifar10'
import { createAlexNet, loadWeights } from '@alexnet/core'
import { cifarEval, createPreprocess, decodePicture, loader, pictureList } from '@alexnet/data'
import { readCheckpoint } from '@alexnet/weights'
import * as tf from '@tensorflow/tfjs'

/** @param {{ picture: string, model?: string | undefined, workers?: number }} options */
export async function classify({ picture, model: url, workers = 2 }) {
  const [active, again] = await Promise.all([useBackend([cpu()]), useBackend([cpu()])])
  const model = createAlexNet({ variant: 'cifar', initialize: false })
  const { tensors } = await readCheckpoint(await cifar10.load({ url }))
  loadWeights(model, tensors)
  const preprocess = createPreprocess(cifar10.preprocessing)
  const input = tf.tensor(preprocess(await decodePicture(picture)), [1, 32, 32, 3])
  const logits = /** @type {tf.Tensor} */ (model.predict(input))
  const probabilities = await tf.softmax(logits).data()
  const best = probabilities.indexOf(Math.max(...probabilities))
  const loaded = await withWorkers(picture, workers)
  return {
    device: active.device,
    same: active.device === again.device,
    label: (await cifar10.labels())[best],
    probability: probabilities[best],
    loaded,
  }
}

/** The sum of what workers prepared, or the reason why they did not. */
async function withWorkers(picture, workers) {
  try {
    const dataset = pictureList(Array.from({ length: 4 }, () => ({ picture, label: 'any' })))
    let sum = 0
    for await (const batch of loader({ dataset, ...cifarEval(), batchSize: 2, workers })) {
      for (const value of batch.images) sum += value
    }
    return sum
  } catch (error) {
    return String(error instanceof Error ? error.message : error)
  }
}
