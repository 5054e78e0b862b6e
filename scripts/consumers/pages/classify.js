// What every consumer's program does: starts a backend (twice at a time, as React's StrictMode does), opens the
// bundled model, classifies a picture, and has workers prepare four more.
import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { cifar10 } from '@alexnet/cifar10'
import { loader, pictureList, preset } from '@alexnet/data'
import { openModel } from '@alexnet/model'

/** @param {{ picture: string, model?: string | undefined, workers?: number }} options */
export async function classify({ picture, model: url, workers = 2 }) {
  const [active, again] = await Promise.all([useBackend([cpu()]), useBackend([cpu()])])
  const model = await openModel(url ? { ...cifar10, load: () => cifar10.load({ url }) } : 'cifar10')
  const [best] = await model.classify(picture)
  const loaded = await withWorkers(picture, workers)
  return {
    device: active.device,
    same: active.device === again.device,
    label: best.label,
    probability: best.probability,
    loaded,
  }
}

/** The sum of what workers prepared, or the reason why they did not. */
async function withWorkers(picture, workers) {
  try {
    const dataset = pictureList(Array.from({ length: 4 }, () => ({ picture, label: 'any' })))
    let sum = 0
    for await (const batch of loader({ dataset, ...preset('cifar-eval'), batchSize: 2, workers })) {
      for (const value of batch.images) sum += value
    }
    return sum
  } catch (error) {
    return String(error instanceof Error ? error.message : error)
  }
}
