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
  sha256: '8b4ef900298df1c3d9cbcc58ee220b878c695c67c194dce896bafade8b8f3095',
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
    top1: 89.17,
    top5: 99.54,
    temperature: 0.731,
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
  sha256: '1e60d98648239a9ca175879bec65210d8b6fa56de3ea36fb9c5867c013f0b9cd',
  metrics: { ...record.metrics, top1: 89.14, top5: 99.54 },
}
