// A loaded model as a file of another format: the weights, made smaller on request, and the description
// that lets the file be used again without a word more, where the format has room for one.

import { mkdir, readdir } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { exportWeights, modelWeights } from '@alexnet/core'
import { subtractedMean } from '@alexnet/data'
import {
  encodeLayersModel,
  encodeNpz,
  encodeSafetensors,
  encodeShards,
  type ModelFile,
  type NamedTensor,
  type Quantization,
  quantize,
  type StoredTensor,
} from '@alexnet/weights'
import { replaceFile } from '@alexnet/weights/node'
import { encodeOnnx } from '@alexnet/weights/onnx'
import type { LayersModel } from '@tensorflow/tfjs'
import { describeModel, type LoadedModel, MODEL_FILE } from './model-file.ts'
import { UsageError } from './terminal/errors.ts'

export const modelFormats = ['safetensors', 'npz', 'onnx', 'tfjs', 'shards'] as const
export type ModelFormat = (typeof modelFormats)[number]

/** How a model is written. */
export interface WriteOptions {
  format: ModelFormat
  quantization?: Quantization | undefined
  /** ONNX: the normalisation of pictures goes into the file. */
  withPreprocessing?: boolean
}

/** The format that `--to` or a path's ending names. @throws UsageError when neither does */
export function formatOf(path: string, to: ModelFormat | undefined): ModelFormat {
  if (to !== undefined) return to
  const ending = extname(path).slice(1).toLowerCase()
  const named = modelFormats.find((format) => format === ending)
  if (named) return named
  throw new UsageError(
    `${path}: its ending names no format; name one with --to (${modelFormats.join(', ')})`,
  )
}

/** @throws UsageError for what the format cannot hold */
export function requirePossible(options: WriteOptions): void {
  const { format, quantization, withPreprocessing } = options
  if (quantization === 'int8' && (format === 'npz' || format === 'tfjs')) {
    const why = format === 'npz' ? 'NumPy has no place for' : 'TensorFlow.js does not know'
    throw new UsageError(
      `${why} a scale for each output channel: write int8 as safetensors, onnx or shards, or take float16`,
    )
  }
  if (withPreprocessing && format !== 'onnx') {
    throw new UsageError('--with-preprocessing is for ONNX: other files hold no arithmetic')
  }
}

/**
 * Writes a model. A file is replaced as a whole; a folder (tfjs, shards) must be new or empty, and the
 * file that lists the others comes last, so that half a model is never taken for one.
 *
 * @returns bytes written
 */
export async function writeModel(
  path: string,
  loaded: LoadedModel,
  options: WriteOptions,
): Promise<number> {
  requirePossible(options)
  const { format, quantization } = options
  if (format === 'tfjs') return writeFolder(path, await layersModel(loaded, quantization))
  const description = describeModel(loaded)
  const { tensors, metadata } = await smaller(loaded.model, quantization)
  const withScales = { ...description, ...metadata }
  switch (format) {
    case 'safetensors':
      return writeFile(path, encodeSafetensors(tensors, withScales))
    case 'npz':
      return writeFile(path, encodeNpz(tensors))
    case 'onnx':
      return writeFile(path, onnxFile(loaded, tensors, withScales, options))
    case 'shards':
      return writeFolder(
        path,
        await encodeShards(MODEL_FILE, encodeSafetensors(tensors, withScales)),
      )
  }
}

async function smaller(model: LayersModel, quantization: Quantization | undefined) {
  const tensors = await exportWeights(model)
  if (quantization === undefined) return { tensors, metadata: {} }
  return quantize(tensors, quantization)
}

/** A model as an ONNX file's chunks. */
export function onnxFile(
  { model, labels, preprocessing }: Pick<LoadedModel, 'model' | 'labels' | 'preprocessing'>,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
  { withPreprocessing = false }: Pick<WriteOptions, 'withPreprocessing'> = {},
): Uint8Array[] {
  return encodeOnnx({
    name: model.name,
    layers: model.layers.map((layer) => ({
      className: layer.getClassName(),
      name: layer.name,
      config: layer.getConfig(),
      outputShape: layer.outputShape as unknown[],
    })),
    tensors,
    labels,
    metadata,
    ...(withPreprocessing && {
      preprocessing: { mean: subtractedMean(preprocessing), std: preprocessing.std },
    }),
  })
}

async function layersModel(
  loaded: LoadedModel,
  quantization: Quantization | undefined,
): Promise<ModelFile[]> {
  const { model } = loaded
  const weights = new Map<string, NamedTensor>()
  for (const { variable } of modelWeights(model)) {
    const data = (await variable.read().data()) as Float32Array
    const shape = variable.shape as number[]
    weights.set(variable.originalName, { dtype: 'float32', shape, data })
  }
  return encodeLayersModel({
    topology: model.toJSON(null, false) as object,
    weights,
    metadata: describeModel(loaded),
    ...(quantization === 'float16' && { quantization }),
  })
}

const sizeOf = (chunks: readonly Uint8Array[]) =>
  chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)

async function writeFile(path: string, chunks: Uint8Array[]): Promise<number> {
  await replaceFile(path, chunks)
  return sizeOf(chunks)
}

async function writeFolder(path: string, [list, ...files]: ModelFile[]): Promise<number> {
  const there = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    if (error.code === 'ENOTDIR') throw new UsageError(`${path}: is a file; name a new folder`)
    throw error
  })
  if (there.length > 0) {
    throw new UsageError(
      `${path}: the folder is not empty (${basename(there[0]!)}); name a new one`,
    )
  }
  await mkdir(path, { recursive: true })
  let bytes = 0
  for (const file of [...files, list!]) bytes += await writeFile(join(path, file.path), file.chunks)
  return bytes
}
