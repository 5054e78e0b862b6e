// One way of loading, in a process of its own: after each line on standard input it goes through an epoch
// and answers with a line of JSON. scripts/torchvision_loader.py speaks the same.

import { createInterface } from 'node:readline'
import {
  cifar10Dataset,
  createWorkerPool,
  type Dataset,
  imageFolder,
  type LoaderOptions,
  loader,
  packed,
  subset,
  torchvisionTrain,
} from '@alexnet/data'
import { randomCrop, randomHorizontalFlip } from '@alexnet/data/transforms'

export interface DataWork {
  work: 'jpeg' | 'packed' | 'cifar'
  path: string
  batchSize: number
  workers: number
  output: 'float32' | 'uint8'
  /** How often an epoch has each picture. */
  repeats: number
}

const { work, path, batchSize, workers, output, repeats } = JSON.parse(process.argv[2]!) as DataWork
const open: Record<DataWork['work'], () => Promise<Dataset>> = {
  jpeg: () => imageFolder(path),
  packed: () => packed(path),
  cifar: () => cifar10Dataset(path),
}
const once = await open[work]()
const dataset = subset(
  once,
  Array.from({ length: once.length * repeats }, (_, at) => at % once.length),
)
const small = {
  transforms: [randomCrop({ size: 32, padding: 4 }), randomHorizontalFlip()],
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.247, 0.2435, 0.2616],
} as const
const { transforms, mean, std } = work === 'cifar' ? small : torchvisionTrain()
const options: LoaderOptions = {
  dataset,
  transforms,
  mean,
  std,
  batchSize,
  shuffle: true,
  recycle: true,
  // Kept between epochs, as torchvision's are.
  workers: workers > 0 ? createWorkerPool(workers) : 0,
}

let epoch = 0
for await (const _ of createInterface({ input: process.stdin })) {
  const start = performance.now()
  let values = 0
  let sum = 0
  const batches: AsyncIterable<{ images: Float32Array | Uint8Array }> =
    output === 'uint8'
      ? loader({ ...options, output: 'uint8', epoch: epoch++ })
      : loader({ ...options, epoch: epoch++ })
  for await (const { images } of batches) {
    values += images.length
    sum += images[0]!
  }
  const side = work === 'cifar' ? 32 : 224
  const answer = {
    pictures: values / (side * side * 3),
    seconds: (performance.now() - start) / 1000,
    residentBytes: process.memoryUsage().rss,
    sum,
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
