// Published weights as records: what they are, where they are (a URL, or bytes in a package), what belongs
// to them. Downloading and caching take a record with a URL, from here or of a program's own.

/** How pictures become a network's input: `@alexnet/data`'s Preprocessing, by its shape. */
export interface RecordPreprocessing {
  /** Pixels of the shorter side after resizing. */
  resize: number
  /** Pixels a side of the square cut from the centre. */
  crop: number
  /** Subtracted from each channel (red, green, blue) after pixels are scaled to 0…1. */
  mean: [number, number, number]
  /** Divided by, after that. */
  std: [number, number, number]
  interpolation: 'bilinear'
}

/** What belongs to weights, wherever they are. */
export interface WeightDescription {
  /** What users type. */
  name: string
  description: string
  bytes: number
  /** Of the file, 64 hexadecimal digits. */
  sha256: string
  /** Variant of `@alexnet/core` that they fit. */
  architecture: string
  classes: number
  /** Class names in the order of the logits, loaded on demand. */
  labels: () => Promise<readonly string[]>
  preprocessing: RecordPreprocessing
  /**
   * Accuracies in percent, and who published them. Logits divided by the temperature give probabilities that are right
   * as often as they say (Guo et al. 2017, https://arxiv.org/abs/1706.04599); no answer changes.
   */
  metrics: { dataset: string; top1: number; top5?: number; temperature?: number; source: string }
  licence: string
}

/** A file of tensors that can be downloaded, whatever they are for. */
export interface PublishedFile {
  /** What users type. */
  name: string
  description: string
  /**
   * Where the file is: the publisher's address first, then others that have the same bytes. They are tried in
   * turn; a mirror has the file under the last part of the first one's path.
   */
  urls: readonly string[]
  bytes: number
  /** Of the file, 64 hexadecimal digits. */
  sha256: string
  licence: string
}

/** Weights of a network that can be downloaded. */
export interface WeightRecord extends WeightDescription, PublishedFile {}

/** Weights that come with a package: nothing is downloaded or cached. */
export interface BundledWeights extends WeightDescription {
  /**
   * The checkpoint file's bytes, for `readCheckpoint` and `openCheckpoint`.
   *
   * @param options `url`: where a page serves the file, where a bundler does not see to that.
   */
  load(options?: { url?: string | URL }): Promise<Uint8Array>
}

/** Every record of this package. */
export const weightRecords: readonly WeightRecord[] = [
  {
    name: 'imagenet',
    description: "torchvision's AlexNet, trained on ImageNet's 1000 classes",
    urls: ['https://download.pytorch.org/models/alexnet-owt-7be5be79.pth'],
    bytes: 244_408_911,
    sha256: '7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02',
    architecture: 'torchvision',
    classes: 1000,
    labels: async () => (await import('./imagenet-labels.ts')).imagenetLabels,
    preprocessing: {
      resize: 256,
      crop: 224,
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
      interpolation: 'bilinear',
    },
    metrics: {
      dataset: 'ImageNet 2012, validation',
      top1: 56.522,
      top5: 79.066,
      source: 'torchvision, AlexNet_Weights.IMAGENET1K_V1',
    },
    licence: 'BSD-3-Clause (torchvision); the pictures of ImageNet have terms of their own',
  },
]

/** The record called `name`; RangeError with the names there are when there is none. */
export function getWeightRecord(name: string): WeightRecord {
  const record = weightRecords.find((candidate) => candidate.name === name)
  if (record) return record
  const names = weightRecords.map((candidate) => candidate.name).join(', ')
  throw new RangeError(`there are no weights called '${name}'; there are: ${names}`)
}

/** Name of a record's file: the last part of its first URL. */
export function fileNameOf({ name, urls }: PublishedFile): string {
  const [url] = urls
  if (url === undefined) throw new RangeError(`the weights '${name}' have no URL`)
  const fileName = new URL(url).pathname.split('/').at(-1)!
  if (/^[\w.-]+$/.test(fileName) && !/^\.+$/.test(fileName)) return fileName
  throw new RangeError(`the URL of the weights '${name}' does not end in a plain file name: ${url}`)
}
