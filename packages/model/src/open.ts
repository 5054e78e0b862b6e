// From whatever names a model to one that is ready: a published name, a path, an address, files, bytes or a record.
// The variant comes from the file's description, its record, or its tensors; so do labels and preparation.

import { type BackendAdapter, useBackend } from '@alexnet/backend'
import { createAlexNet, getArchitecture, loadLazyWeights, type Variant } from '@alexnet/core'
import type { Preprocessing } from '@alexnet/data'
import {
  type BundledWeights,
  type DownloadProgress,
  elementCount,
  elementSize,
  type OpenCheckpoint,
  openCheckpoint,
  type PublishedFile,
  type WeightDescription,
  type WeightRecord,
  weightRecords,
} from '@alexnet/weights'
import * as tf from '@tensorflow/tfjs'
import { type Beside, type BesideTexts, besideFiles, readBeside } from './beside.ts'
import { fromMetadata, type ModelDescription } from './description.ts'
import { aboutFile, ModelError } from './errors.ts'
import { isHubName } from './hub.ts'
import { Model, type Save } from './model.ts'
import { isTrainingCheckpoint, type NamedTensors, pytorchLayouts, pytorchNames } from './names.ts'
import { preprocessingOf } from './preparation.ts'
import { measure, type Recognised, recognise } from './recognise.ts'

/**
 * What a model is opened from: a name ('cifar10', 'imagenet'), one of Hugging Face's Hub
 * ('hf:owner/name[/file][@revision]'), a path (Node; a file or the folder of a run), an address, a File or several (a model.json with its shards), bytes, or a record of weights of a program's own.
 */
export type ModelSource =
  | string
  | URL
  | Blob
  | readonly File[]
  | Uint8Array
  | ArrayBuffer
  | BundledWeights
  | WeightRecord

export interface OpenModelOptions {
  /** For weights that fit several variants (`caffe` and `caffenet`). Default: as file, record or tensors say. */
  variant?: string
  /** Class names in the order of the logits, in place of the file's. */
  labels?: readonly string[]
  /** In place of the file's. */
  preprocessing?: Preprocessing
  /** Everything that belongs to the weights, in place of what the file says of itself. */
  description?: ModelDescription
  /** Names in errors what bytes and Blobs are. */
  name?: string
  /** Fully connected layers compute with the file's int8 weights. Default false. */
  keepInt8?: boolean
  /**
   * Backends to start, in order of preference. Default: the one that runs, if it is one of this project's, otherwise
   * the CPU engine.
   */
  backend?: readonly BackendAdapter[]
  /** Told while weights are downloaded. */
  onProgress?: (progress: DownloadProgress) => void
  /** Node: told who downloads the same weights already, and is waited for. */
  onWait?: (holder: string) => void
  /** Ends the opening, with its reason; what has arrived of a download stays for the next time. */
  signal?: AbortSignal
  /** Asked for downloads in place of the records' servers; of an `hf:` name in place of huggingface.co. */
  mirror?: string
}

/** Weights, opened: their tensors are still in their file. */
export interface OpenedWeights {
  checkpoint: OpenCheckpoint
  name: string
  /** The file, or what it is called where it is none: for messages. */
  path: string
  /** Size of the file; of several, and over HTTP, of the tensors in them. */
  bytes: number
  /** What is known of published weights without asking the file. */
  published?: WeightDescription
  /** Texts of the files of the Hub that stand beside it. */
  beside?: () => Promise<BesideTexts>
}

/** What differs between Node and browsers. */
export interface ModelPlatform {
  /** Opens what is no name: a path or an address. */
  openText(text: string): Promise<Omit<OpenedWeights, 'name'>>
  /** Downloads weights once, and opens them. */
  pull(record: PublishedFile, options: PullOptions): Promise<Omit<OpenedWeights, 'name'>>
  /** Downloads a model of the Hub once, and opens it. */
  pullFromHub(name: string, options: PullOptions): Promise<Omit<OpenedWeights, 'name'>>
  save: Save
}

type PullOptions = Pick<OpenModelOptions, 'onProgress' | 'onWait' | 'signal' | 'mirror'>

/** Weights that come with a package; loaded when they are named. */
const bundled: Readonly<Record<string, () => Promise<BundledWeights>>> = {
  cifar10: async () => (await import('@alexnet/cifar10')).cifar10,
  'cifar10-int8': async () => (await import('@alexnet/cifar10/int8')).cifar10Int8,
}

/** Every name that `openModel` knows. */
export const modelNames: readonly string[] = [
  ...Object.keys(bundled),
  ...weightRecords.map(({ name }) => name),
]

/** As `openModel` of the package, on a platform. */
export async function openModelOn(
  platform: ModelPlatform,
  source: ModelSource,
  options: OpenModelOptions = {},
): Promise<Model> {
  const { signal } = options
  signal?.throwIfAborted()
  await startBackend(options.backend)
  const opened = await openWeights(platform, source, options)
  try {
    signal?.throwIfAborted()
    return await makeModel(opened, options, platform.save)
  } finally {
    await opened.checkpoint.close()
  }
}

/** Starts what was asked for, or, where no backend of this project runs, the CPU engine. */
export async function startBackend(adapters: readonly BackendAdapter[] | undefined): Promise<void> {
  if (adapters) await useBackend(adapters)
  else if (!tf.engine().backendName?.startsWith('alexnet-')) {
    const { cpu } = await import('@alexnet/backend-cpu')
    await useBackend([cpu()])
  }
}

/** Opens what a source names, without making a network of it. */
export async function openWeights(
  platform: ModelPlatform,
  source: ModelSource | PublishedFile,
  options: OpenModelOptions = {},
): Promise<OpenedWeights> {
  if (typeof source === 'string') {
    const load = Object.hasOwn(bundled, source) && bundled[source]
    if (load) return openBundled(await load())
    const record = weightRecords.find(({ name }) => name === source)
    if (record) return openRecord(platform, record, options)
    if (isHubName(source)) {
      return { name: source, ...(await platform.pullFromHub(source, options)) }
    }
    return { name: source.split(/[/\\]/).at(-1) || source, ...(await platform.openText(source)) }
  }
  if (source instanceof URL) {
    return { name: source.href, ...(await platform.openText(source.href)) }
  }
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
    const path = options.name ?? 'the model'
    return {
      name: path,
      path,
      bytes: source.byteLength,
      checkpoint: await openCheckpoint(source, { path }),
    }
  }
  if (source instanceof Blob) return openFiles([source], options)
  if (Array.isArray(source)) return openFiles(source as readonly File[], options)
  if (typeof source === 'object' && source !== null) {
    if ('load' in source) return openBundled(source)
    if ('sha256' in source) return openRecord(platform, source as PublishedFile, options)
  }
  throw new ModelError(
    `a model is opened from a name (${modelNames.join(', ')}), a path, a URL, a File or several, bytes, or a record of weights, not from ${source === null ? 'null' : typeof source}`,
  )
}

async function openBundled(record: BundledWeights): Promise<OpenedWeights> {
  const { name } = record
  const bytes = await record.load()
  const checkpoint = await openCheckpoint(bytes, { path: name })
  return { checkpoint, name, path: name, bytes: bytes.byteLength, published: record }
}

async function openRecord(
  platform: ModelPlatform,
  record: PublishedFile | WeightRecord,
  options: OpenModelOptions,
): Promise<OpenedWeights> {
  const published = 'architecture' in record ? record : undefined
  return { ...(await platform.pull(record, options)), name: record.name, published }
}

/** The file of several that lists the others, or the one with the weights. */
async function openFiles(
  given: readonly (Blob | File)[],
  { name }: OpenModelOptions,
): Promise<OpenedWeights> {
  const nameOf = (file: Blob | File) => (file as Partial<File>).name ?? name ?? 'the model'
  const isList = (file: Blob | File) =>
    /\.json$/i.test(nameOf(file)) && !/(^|\/)(pre)?(processor_)?config\.json$/i.test(nameOf(file))
  const first = given.find(isList) ?? given.find((file) => !/\.(json|md|txt)$/i.test(nameOf(file)))
  if (!first) throw new ModelError('no file of weights was given: choose one')
  const files = new Map(given.map((file) => [nameOf(file), file]))
  const checkpoint = await openCheckpoint(first, {
    path: nameOf(first),
    files: given.length > 1 ? files : undefined,
  })
  const path = nameOf(first)
  const bytes = isList(first) ? tensorBytes(checkpoint) : first.size
  const beside = () => besideTexts(async (file) => files.get(file)?.text())
  return { checkpoint, name: path, path, bytes, published: publishedAs(path, bytes), beside }
}

/** The texts beside weights that a reader of files finds. */
export async function besideTexts(
  read: (file: string) => Promise<string | undefined>,
): Promise<BesideTexts> {
  const texts: BesideTexts = {}
  for (const file of besideFiles) texts[file] = await read(file)
  return texts
}

/** The record of published weights, by their file's name and size. */
export function publishedAs(path: string, bytes: number): WeightRecord | undefined {
  const file = path.split(/[/\\]/).at(-1)!
  return weightRecords.find(
    (record) => record.bytes === bytes && record.urls.some((url) => url.endsWith(`/${file}`)),
  )
}

/** Bytes of the tensors in their file. */
export function tensorBytes({ tensors }: OpenCheckpoint): number {
  let bytes = 0
  for (const { shape, storedAs } of new Set(tensors.values())) {
    bytes += elementCount(shape) * elementSize(storedAs)
  }
  return bytes
}

async function makeModel(
  { checkpoint, name, path, bytes, published, beside }: OpenedWeights,
  given: OpenModelOptions,
  save: Save,
): Promise<Model> {
  const named = pytorchNames(checkpoint)
  // Read before anything else is asked of the file: a broken one is what is wrong with it.
  const own = given.description ?? fromMetadata(checkpoint.metadata, path)
  requireWhole(named, path)
  if (own && !given.description) requireVariant(path, own.options.variant!, given.variant)
  const described = own ?? (await describe(named, path, published, beside, given))
  const { options } = described
  const labels = given.labels ?? described.labels
  const preprocessing = given.preprocessing ?? described.preprocessing
  const network = createAlexNet({ ...options, initialize: false })
  try {
    await loadLazyWeights(network, pytorchLayouts(checkpoint, named, network))
    const model = new Model(
      {
        network,
        labels,
        preprocessing,
        options,
        origin: {
          name,
          path,
          bytes,
          ...contentsOf(checkpoint),
          isCheckpoint: isTrainingCheckpoint(checkpoint),
          description: published?.description,
        },
      },
      save,
    )
    if (given.keepInt8) model.keepInt8()
    return model
  } catch (error) {
    network.dispose()
    throw aboutFile(path, error)
  }
}

/** @throws ModelError where a file holds the convolutions alone */
function requireWhole({ tensors }: NamedTensors, path: string): void {
  const names = [...tensors.keys()]
  if (names.length === 0 || !names.every((name) => name.startsWith('features.'))) return
  throw new ModelError(
    `${path} holds the features alone, which classify nothing: it is for perceptual distance (alexnet compare, @alexnet/lpips)`,
  )
}

function contentsOf({ format, tensors }: OpenCheckpoint) {
  const types = new Set([...tensors.values()].map(({ storedAs }) => storedAs))
  const isInt8 = types.has('int8')
  // The scales and biases beside int8 weights are float32, and go without saying.
  if (isInt8) types.delete('float32')
  return { contents: [format, ...types].join(', '), isInt8 }
}

/** What belongs to a checkpoint whose file does not say: as its record has it, the files beside it, or its tensors. */
async function describe(
  named: NamedTensors,
  path: string,
  published: WeightDescription | undefined,
  besideIt: OpenedWeights['beside'],
  { variant: asked, labels, preprocessing }: OpenModelOptions,
): Promise<ModelDescription> {
  if (published) {
    const { architecture, classes, preprocessing, labels } = published
    requireVariant(path, architecture, asked)
    const variant = getArchitecture(architecture).name as Variant
    const options = { variant, classes, inputSize: preprocessing.crop }
    return { options, labels: [...(await labels())], preprocessing }
  }
  const found =
    asked === undefined
      ? recognise(named.tensors, path, candidates(named))
      : measure(getArchitecture(asked).name as Variant, named.tensors)
  const isTold = labels !== undefined && preprocessing !== undefined
  const beside: Beside =
    isTold || !besideIt ? {} : readBeside(await besideIt(), path, preprocessing)
  const inputSize = beside.preprocessing?.crop ?? found.inputSize
  const usual = () => preprocessingOf(named.fromCaffe ? 'caffe' : found.variant, inputSize)
  return {
    options: { ...found, inputSize },
    labels: beside.labels ?? (await labelsOf(found)),
    preprocessing: beside.preprocessing ?? usual(),
  }
}

/** Caffe's names are those of its two networks; others may be anything. */
const candidates = ({ fromCaffe }: NamedTensors): readonly Variant[] | undefined =>
  fromCaffe ? ['caffe', 'caffenet'] : undefined

/** @throws ModelError when the caller names another variant than the weights are of */
function requireVariant(path: string, of: string, named: string | undefined): void {
  if (named === undefined || named === of) return
  throw new ModelError(
    `${path} holds weights of the variant '${of}', not '${named}': leave the variant out`,
  )
}

/** ImageNet's names for a thousand classes of a network for such pictures, otherwise numbers. */
async function labelsOf({ variant, classes }: Recognised) {
  const imagenet = weightRecords.find(({ name }) => name === 'imagenet')!
  const { inputSize } = getArchitecture(variant)
  if (classes === imagenet.classes && inputSize >= 224) return [...(await imagenet.labels())]
  return Array.from({ length: classes }, (_, index) => String(index))
}
