// Models that come with the page: their files are assets beside the script, fetched when they are chosen.
import { cifar10 } from '@alexnet/cifar10'
import type { BundledWeights } from '@alexnet/weights'

const shapes: BundledWeights = {
  name: 'shapes',
  description: 'LeNet-5 on ten drawn shapes: small enough to see all of',
  bytes: 125_196,
  sha256: 'a83ec3b469b5a13f7be8e21a8247245785d6d1ae5a94e9e1a11356a4e2049118',
  architecture: 'lenet-5',
  classes: 10,
  labels: async () => [],
  preprocessing: {
    resize: 32,
    crop: 32,
    mean: [0, 0, 0],
    std: [1, 1, 1],
    interpolation: 'bilinear',
  },
  metrics: { dataset: 'drawn shapes', top1: 89.6, source: 'alexnet evaluate shapes:2000' },
  licence: 'Apache-2.0',
  load: () => fetchBytes(new URL('../models/shapes.safetensors', import.meta.url)),
}

/** The first is the one that the page opens with. A record of no bytes has no file yet. */
export const bundledModels: readonly BundledWeights[] = [cifar10, shapes].filter(
  ({ bytes }) => bytes > 0,
)

async function fetchBytes(url: URL): Promise<Uint8Array> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url.pathname} could not be fetched (${response.status})`)
  return new Uint8Array(await response.arrayBuffer())
}
