// From what the user chose to a model that is ready: weights of any format, and what belongs to them. Files
// of this project say what they are; published weights are known by their shapes.
import {
  type AlexNetOptions,
  createAlexNet,
  exportWeights,
  loadLazyWeights,
  type Variant,
} from '@alexnet/core'
import { cifarEval, createPreprocess, type Preprocessing, torchvisionEval } from '@alexnet/data'
import {
  encodeSafetensors,
  getWeightRecord,
  type OpenCheckpoint,
  openCheckpoint,
} from '@alexnet/weights'
import { pullWeights } from '@alexnet/weights/browser'
import type { LayersModel } from '@tensorflow/tfjs'
import { bundledModels } from './bundled.ts'
import type { ModelSource, OnProgress } from './protocol.ts'

/** What belongs to the weights of a model, as a classifier file's metadata holds it. */
export interface ModelDescription {
  options: AlexNetOptions
  labels: string[]
  preprocessing: Preprocessing
}

export interface LoadedModel extends ModelDescription {
  model: LayersModel
  name: string
  description: string
}

/** Key of a safetensors file's metadata; the command line writes and reads the same. */
const KEY = 'alexnet'

/** Loads a model. @throws Error that names the file and says what to do */
export async function loadModel(
  source: ModelSource,
  onProgress?: OnProgress,
): Promise<LoadedModel> {
  if (source.kind === 'bundled') {
    const record = bundledModels.find(({ name }) => name === source.name)
    if (!record) throw new Error(`no model '${source.name}' comes with this page`)
    const bytes = source.bytes ?? (await record.load())
    const checkpoint = await openCheckpoint(bytes, { path: record.name })
    return finish(checkpoint, record.name, record.description)
  }
  if (source.kind === 'download') {
    const record = getWeightRecord(source.name)
    const file = await pullWeights(record, {
      onProgress: ({ received, total }) => onProgress?.(received, total),
    }).catch((error) => {
      const why = ((error as Error).cause as Error | undefined)?.message ?? (error as Error).message
      throw new Error(
        `${record.url} could not be downloaded (${why}): check the network and try again, which goes on where it stopped, or download the file yourself and drop it here`,
        { cause: error },
      )
    })
    return finish(await openCheckpoint(file), record.name, record.description)
  }
  const [first, ...rest] = source.files
  if (!first) throw new Error('no file was given: choose a weight file')
  const files = new Map(source.files.map((file) => [file.name, file]))
  const json = source.files.find(({ name }) => name.endsWith('.json')) ?? first
  const checkpoint = await openCheckpoint(json, { ...(rest.length > 0 && { files }) })
  return finish(checkpoint, json.name, `from the file ${json.name}`)
}

async function finish(
  checkpoint: OpenCheckpoint,
  name: string,
  description: string,
): Promise<LoadedModel> {
  try {
    const described = await describeCheckpoint(checkpoint, name)
    const model = createAlexNet({ ...described.options, initialize: false })
    try {
      await loadLazyWeights(model, checkpoint.tensors as Parameters<typeof loadLazyWeights>[1])
    } catch (error) {
      model.dispose()
      throw new Error(`${name}: ${(error as Error).message}`, { cause: error })
    }
    return { ...described, model, name, description }
  } finally {
    await checkpoint.close()
  }
}

async function describeCheckpoint(
  { metadata, tensors }: OpenCheckpoint,
  name: string,
): Promise<ModelDescription> {
  const stored = metadata[KEY]
  if (stored !== undefined) {
    try {
      const description = JSON.parse(stored) as ModelDescription
      createPreprocess(description.preprocessing)
      if (!Array.isArray(description.labels)) throw new TypeError('it lists no labels')
      return description
    } catch (error) {
      throw new Error(`${name}: its description cannot be used (${(error as Error).message})`)
    }
  }
  const variant = variantOf(tensors)
  const head = [...tensors].findLast(([key]) => /^classifier\.\d+\.bias$/.test(key))
  if (!variant || !head) {
    const first = [...tensors.keys()].slice(0, 3).join(', ')
    throw new Error(
      `${name} holds no network that this page knows (its tensors: ${first}, …). It takes torchvision's alexnet and files that this page or the command line saved: \`alexnet convert FILE OUT.safetensors --variant NAME\` makes one of others`,
    )
  }
  const classes = head[1].shape[0]!
  const isImageNet = variant === 'torchvision' && classes === 1000
  const numbers = () => Array.from({ length: classes }, (_, index) => `class ${index}`)
  const labels = isImageNet ? [...(await getWeightRecord('imagenet').labels())] : numbers()
  const preset = variant === 'torchvision' ? torchvisionEval() : cifarEval()
  return { options: { variant, classes }, labels, preprocessing: preset.preprocessing }
}

/** The first two convolutions of the variants that can be told by them. */
const firstWeights: [Variant, Record<string, string>][] = [
  ['torchvision', { 'features.0': '64×3×11×11', 'features.3': '192×64×5×5' }],
  ['cifar', { 'features.0': '64×3×5×5', 'features.3': '128×64×3×3' }],
  ['cifar-paper', { 'features.0': '32×3×5×5', 'features.4': '64×32×3×3' }],
  ['lenet-5', { 'features.0': '6×3×5×5', 'features.3': '16×6×5×5' }],
]

function variantOf(tensors: OpenCheckpoint['tensors']): Variant | undefined {
  const shape = (key: string) => tensors.get(`${key}.weight`)?.shape.join('×')
  return firstWeights.find(([, weights]) =>
    Object.entries(weights).every(([key, expected]) => shape(key) === expected),
  )?.[0]
}

/** A model as one file, with all that is needed to use it. */
export async function saveModel(
  model: LayersModel,
  { options, labels, preprocessing }: ModelDescription,
): Promise<Blob> {
  const metadata = { [KEY]: JSON.stringify({ options, labels, preprocessing }) }
  const chunks = encodeSafetensors(await exportWeights(model), metadata)
  return new Blob(chunks as BlobPart[], { type: 'application/octet-stream' })
}
