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
  bytes: 3_816_740,
  sha256: '8f97e3996c5a177e2bdcd81831e75c112418eaf38c63a878c3d051a61f56a4ed',
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
    top1: 88.45,
    top5: 99.51,
    temperature: 0.752,
    source: 'this project, MODEL_CARD.md',
  },
  licence: 'Apache-2.0 (the weights); the pictures of CIFAR-10 have no stated licence',
}

/** The record of the same weights in int8, a scale a row. */
export const int8Record = {
  ...record,
  name: 'cifar10-int8',
  description: `${record.description}, weights in int8`,
  bytes: 1_918_640,
  sha256: '5f9bee90b9439b0a983650fadb656f3abffc37ca48c2fac34768a9e5be295cea',
  metrics: { ...record.metrics, top1: 88.47, top5: 99.51 },
}
