// What there is to know of the model without opening its file; the tests hold the record to the file.

/** Class names in the order of the logits. */
export const labels = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
] as const

/** The record of the model; its accuracies are those of MODEL_CARD.md. */
export const record = {
  name: 'cifar10',
  description: 'AlexNet for 32×32 pictures, trained on the ten classes of CIFAR-10',
  bytes: 5_455_396,
  sha256: '759af3992ae95d9b6d130fb7bfbf8764f86a72854c2bd412052c6c504f93423f',
  architecture: 'cifar',
  classes: labels.length,
  labels: async (): Promise<readonly string[]> => labels,
  preprocessing: {
    resize: 32,
    crop: 32,
    mean: [0.4914, 0.4822, 0.4465] as [number, number, number],
    std: [0.247, 0.2435, 0.2616] as [number, number, number],
    interpolation: 'bilinear' as const,
  },
  metrics: {
    dataset: 'CIFAR-10, test',
    top1: 86.9,
    top5: 99.37,
    source: 'this project, MODEL_CARD.md',
  },
  licence: 'Apache-2.0 (the weights); the pictures of CIFAR-10 have no stated licence',
}

/** The record of the same weights in int8, a scale a row. */
export const int8Record = {
  ...record,
  name: 'cifar10-int8',
  description: `${record.description}, weights in int8`,
  bytes: 2_738_872,
  sha256: 'd34930feea5df06ab8acb4cf22dd95b8a083564b16e020f78c983f1461ec207a',
  metrics: { ...record.metrics, top1: 86.91, top5: 99.36 },
}
