// A model as a file of any format that is written: the weights, made smaller on request, and the description that
// lets the file be used again without a word more, where the format has room for one. Chunks of bytes come out;
// who writes them where is the platform's.

import { exportWeights, modelWeights } from '@alexnet/core'
import { subtractedMean } from '@alexnet/data'
import {
  encodeLayersModel,
  encodeNpz,
  encodeSafetensors,
  encodeShards,
  layersModelTopology,
  type ModelFile,
  type NamedTensor,
  type NetworkLayer,
  type Quantization,
  quantize,
  type StoredTensor,
} from '@alexnet/weights'
import { encodeOnnx } from '@alexnet/weights/onnx'
import type { LayersModel } from '@tensorflow/tfjs'
import { type ModelDescription, toMetadata } from './description.ts'
import { ModelError } from './errors.ts'
import { folderFormats, type ModelFormat, modelFormats } from './formats.ts'
import { PIXEL_VALUES, transformersFiles } from './transformers.ts'

/** What is written of a model. */
export interface WrittenModel extends ModelDescription {
  network: LayersModel
}

/** How a model is written. */
export interface SaveOptions {
  /** Default: what the path's ending says, `safetensors` for bytes. */
  format?: ModelFormat
  /** Smaller numbers. Default: float32. */
  quantize?: Quantization
  /** ONNX and LiteRT: the normalisation of pictures goes into the file. Default false. */
  withPreprocessing?: boolean
  /** LiteRT: the output is probabilities instead of logits. Default false. */
  softmax?: boolean
  /** LiteRT: pictures at a time. Default 1. */
  batch?: number
  /** The convolutions alone, for perceptual distance (`@alexnet/lpips`). Default: everything. */
  only?: 'features'
}

/** The format that a path's ending names. @throws ModelError when it names none */
export function formatOf(path: string, format?: ModelFormat): ModelFormat {
  if (format !== undefined) return format
  const ending = /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase()
  const named = modelFormats.find((candidate) => candidate === ending)
  if (named) return named
  throw new ModelError(
    `${path}: its ending names no format; name one with --to (${modelFormats.join(', ')})`,
  )
}

/** @throws ModelError for what the format cannot hold */
export function requirePossible({
  format,
  quantize: to,
  withPreprocessing,
  softmax,
  batch,
  only,
}: SaveOptions): void {
  if (format !== undefined && !modelFormats.includes(format)) {
    throw new ModelError(
      `there is no format '${format}' to write: choose one of ${modelFormats.join(', ')}`,
    )
  }
  if (only !== undefined && ['onnx', 'tflite', 'tfjs', 'transformers'].includes(format ?? '')) {
    throw new ModelError(
      `${format} holds a whole network: write the features alone as safetensors, npz or shards`,
    )
  }
  if (to === 'int8' && (format === 'npz' || format === 'tfjs')) {
    const why = format === 'npz' ? 'NumPy has no place for' : 'TensorFlow.js does not know'
    throw new ModelError(
      `${why} a scale for each output channel: write int8 as safetensors, onnx, tflite or shards, or take float16`,
    )
  }
  if (withPreprocessing && format !== 'onnx' && format !== 'tflite') {
    throw new ModelError(
      '--with-preprocessing is for onnx and tflite: other files hold no arithmetic',
    )
  }
  if ((softmax || batch !== undefined) && format !== 'tflite') {
    const option = softmax ? '--softmax' : '--batch'
    throw new ModelError(
      `${option} is for tflite: other files give logits of any number of pictures`,
    )
  }
  if (batch !== undefined && (!Number.isSafeInteger(batch) || batch < 1)) {
    throw new ModelError(`batch must be a whole number from 1 on, found ${batch}`)
  }
}

/**
 * A model as the files of a format, the one that lists the others first; of a format of one file that one, its name
 * being `model` and the format's ending.
 *
 * @throws ModelError for what the format cannot hold
 */
export async function encodeModel(
  model: WrittenModel,
  options: SaveOptions = {},
): Promise<ModelFile[]> {
  const { format = 'safetensors', quantize: to, only: part } = options
  requirePossible({ ...options, format })
  if (format === 'tfjs') return layersModel(model, to)
  const { tensors, metadata } = await smaller(model, to, part)
  const withScales = { ...toMetadata(model), ...metadata }
  const only = (chunks: Uint8Array<ArrayBuffer>[]) => [{ path: `model.${format}`, chunks }]
  switch (format) {
    case 'safetensors':
      return only(encodeSafetensors(tensors, withScales))
    case 'npz':
      return only(encodeNpz(tensors))
    case 'onnx':
      return only(onnxFile(model, tensors, withScales, options))
    case 'tflite':
      return only(await tfliteFile(model, tensors, toMetadata(model), options))
    case 'shards':
      return encodeShards('model.safetensors', encodeSafetensors(tensors, withScales))
    case 'transformers': {
      const chunks = onnxFile(model, tensors, withScales, { inputName: PIXEL_VALUES })
      return transformersFiles(model, chunks, to)
    }
  }
}

/** A model as the bytes of one file. @throws ModelError for formats of several files */
export async function bytesFor(
  model: WrittenModel,
  options: SaveOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { format = 'safetensors' } = options
  if (folderFormats.includes(format)) {
    throw new ModelError(`${format} is several files: take them from encodeModel`)
  }
  const [file] = await encodeModel(model, options)
  const bytes = new Uint8Array(bytesOfChunks(file!.chunks))
  let at = 0
  for (const chunk of file!.chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}

/** Bytes of chunks together. */
export const bytesOfChunks = (chunks: readonly Uint8Array[]) =>
  chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)

async function smaller(
  { network }: WrittenModel,
  to: Quantization | undefined,
  only: SaveOptions['only'],
) {
  const all = await exportWeights(network)
  const tensors = new Map([...all].filter(([name]) => !only || name.startsWith(`${only}.`)))
  return to === undefined ? { tensors, metadata: {} } : quantize(tensors, to)
}

/** A model as an ONNX file's chunks, of tensors that may be quantised. */
export function onnxFile(
  { network, labels, preprocessing }: Pick<WrittenModel, 'network' | 'labels' | 'preprocessing'>,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
  {
    withPreprocessing = false,
    inputName,
  }: { withPreprocessing?: boolean; inputName?: string } = {},
): Uint8Array<ArrayBuffer>[] {
  return encodeOnnx({
    name: network.name,
    layers: layersOf(network),
    tensors,
    labels,
    metadata,
    inputName,
    ...(withPreprocessing && { preprocessing: normalizationOf(preprocessing) }),
  })
}

/** A model as a .tflite file's chunks, of tensors that may be quantised; what writes it is loaded now. */
export async function tfliteFile(
  { network, labels, preprocessing }: Pick<WrittenModel, 'network' | 'labels' | 'preprocessing'>,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
  { withPreprocessing = false, softmax, batch }: SaveOptions = {},
): Promise<Uint8Array<ArrayBuffer>[]> {
  const { encodeTflite } = await import('@alexnet/weights/tflite')
  return encodeTflite({
    name: network.name,
    layers: layersOf(network),
    tensors,
    labels,
    metadata,
    softmax,
    batch,
    [withPreprocessing ? 'preprocessing' : 'normalizedBy']: normalizationOf(preprocessing),
  })
}

const normalizationOf = (preprocessing: WrittenModel['preprocessing']) => ({
  mean: subtractedMean(preprocessing),
  std: preprocessing.std,
})

const layersOf = (network: LayersModel): NetworkLayer[] =>
  network.layers.map((layer) => ({
    className: layer.getClassName(),
    name: layer.name,
    config: layer.getConfig(),
    outputShape: layer.outputShape as unknown[],
  }))

/** Layers of a network that TensorFlow.js opens only after `registerLayers()` of @alexnet/core, as `tfjs` writes it. */
export const layersOfOurs = (network: LayersModel): readonly string[] =>
  layersModelTopology(network.name, layersOf(network)).own.map(({ name }) => name)

async function layersModel(
  model: WrittenModel,
  to: Quantization | undefined,
): Promise<ModelFile[]> {
  const { network } = model
  const weights = new Map<string, NamedTensor>()
  for (const { variable } of modelWeights(network)) {
    const data = (await variable.read().data()) as Float32Array
    const shape = variable.shape as number[]
    weights.set(variable.originalName, { dtype: 'float32', shape, data })
  }
  return encodeLayersModel({
    topology: layersModelTopology(network.name, layersOf(network)).topology,
    weights,
    metadata: toMetadata(model),
    ...(to === 'float16' && { quantization: to }),
  })
}
