// Models that come with the page: their files are assets beside the script, fetched when they are chosen.
import { cifar10Int8 } from '@alexnet/cifar10/int8'
import type { BundledWeights } from '@alexnet/weights'

const drawn = {
  classes: 10,
  labels: async () => [],
  licence: 'Apache-2.0',
} satisfies Partial<BundledWeights>

const shapes: BundledWeights = {
  name: 'shapes',
  description: 'LeNet-5 on ten drawn shapes: small enough to see all of',
  bytes: 125_196,
  sha256: 'a83ec3b469b5a13f7be8e21a8247245785d6d1ae5a94e9e1a11356a4e2049118',
  architecture: 'lenet-5',
  ...drawn,
  preprocessing: {
    resize: 32,
    crop: 32,
    interpolation: 'bilinear',
    mean: [0, 0, 0],
    std: [1, 1, 1],
  },
  metrics: { dataset: 'drawn shapes', top1: 89.6, source: 'alexnet evaluate shapes:2000' },
  load: () => fetchBytes(new URL('../models/shapes.safetensors', import.meta.url)),
}

/**
 * The one with local response normalisation. `alexnet train shapes:8000 --variant cifar-paper --recipe small
 * --epochs 12 --augment cifar --weight-decay 0.003 --dropout 0.1 --batch-size 32 --learning-rate 0.02
 * --schedule one-cycle --momentum 0.9` made it, `alexnet convert --quantize float16` halved it.
 */
const shapesPaper: BundledWeights = {
  name: 'shapes-paper',
  description: "AlexNet with the paper's layers, small, on ten drawn shapes",
  bytes: 1_092_692,
  sha256: '0cec9ce04edfca17aaa38936d7b8d616953a9a02e2710e9441b5094c9eee6d94',
  architecture: 'cifar-paper',
  ...drawn,
  preprocessing: {
    resize: 32,
    crop: 32,
    interpolation: 'bilinear',
    mean: [0.4914, 0.4822, 0.4465],
    std: [0.247, 0.2435, 0.2616],
  },
  metrics: { dataset: 'drawn shapes', top1: 98.8, source: 'alexnet evaluate shapes:2000' },
  load: () => fetchBytes(new URL('../models/shapes-paper.safetensors', import.meta.url)),
}

/** The first is the one that the page opens with. A record of no bytes has no file yet. */
export const bundledModels: readonly BundledWeights[] = [cifar10Int8, shapesPaper, shapes].filter(
  ({ bytes }) => bytes > 0,
)

/** Their names, which the page has a title for. */
export const bundledNames = ['cifar10-int8', 'shapes-paper', 'shapes'] as const
export type BundledName = (typeof bundledNames)[number]

async function fetchBytes(url: URL): Promise<Uint8Array> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url.pathname} could not be fetched (${response.status})`)
  return new Uint8Array(await response.arrayBuffer())
}
