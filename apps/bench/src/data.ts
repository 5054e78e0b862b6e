// What the engines compute on, written once into a folder that all of them read: weights (safetensors,
// ONNX and, where it is asked for, LiteRT), three different pictures, and the logits that plain JavaScript gives for them, which every
// engine must reproduce before it is timed. A batch repeats the three pictures, so that every row of a
// batch is checked; dense kernels take the same time whatever the numbers are.

import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exportWeights } from '@alexnet/core'
import { encodeSafetensors } from '@alexnet/weights'
import { encodeOnnx } from '@alexnet/weights/onnx'
import { encodeTflite } from '@alexnet/weights/tflite'
import * as tf from '@tensorflow/tfjs'
import { createModel, describeNetwork, type Network, type NetworkOptions } from './network.ts'

/** Different pictures of a batch: three, so that no usual way of cutting a batch in parts repeats. */
export const DIFFERENT_PICTURES = 3

export const files = {
  network: 'network.json',
  weights: 'weights.safetensors',
  onnx: 'model.onnx',
  tflite: (batch: number) => `model-${batch}.tflite`,
  /** Float32, [3, size, size, 3]. */
  pictures: 'pictures.bin',
} as const

/** Contents of `network.json`. */
export interface Prepared {
  network: Network
  /** Logits of the different pictures, row by row. */
  expected: number[]
}

export interface PrepareOptions extends NetworkOptions {
  /**
   * The network alone; also its tensors; also the expected logits, which are seconds of plain JavaScript
   * for a large network.
   */
  content: 'network' | 'tensors' | 'expected'
  /** Batches that LiteRT is to have a file for. Default: none. */
  tfliteBatches?: readonly number[]
}

/** Fills a folder with the files above. */
export async function prepare(folder: string, options: PrepareOptions): Promise<void> {
  await tf.setBackend('cpu')
  const model = createModel(options, { initialize: options.content !== 'network' })
  const network = describeNetwork(model, options)
  const expected = options.content === 'network' ? [] : await writeTensors(folder, options, model)
  const prepared: Prepared = { network, expected }
  await writeFile(join(folder, files.network), JSON.stringify(prepared))
}

/** Writes weights and pictures; returns the expected logits, if they are asked for. */
async function writeTensors(
  folder: string,
  options: PrepareOptions,
  model: tf.LayersModel,
): Promise<number[]> {
  const network = describeNetwork(model, options)
  const weights = await exportWeights(model)
  await writeChunks(join(folder, files.weights), encodeSafetensors(weights))
  const layers = model.layers.map((layer) => ({
    className: layer.getClassName(),
    name: layer.name,
    config: layer.getConfig(),
    outputShape: layer.outputShape as unknown[],
  }))
  await writeChunks(join(folder, files.onnx), encodeOnnx({ layers, tensors: weights }))
  for (const batch of options.tfliteBatches ?? []) {
    const chunks = encodeTflite({ layers, tensors: weights, batch })
    await writeChunks(join(folder, files.tflite(batch)), chunks)
  }
  const shape: [number, number, number, number] = [
    DIFFERENT_PICTURES,
    network.inputSize,
    network.inputSize,
    3,
  ]
  const pictures = tf.randomNormal(shape, 0, 1, 'float32', 1)
  const values = (await pictures.data()) as Float32Array
  await writeFile(join(folder, files.pictures), new Uint8Array(values.buffer))
  if (options.content !== 'expected') return []
  const logits = tf.tidy(() => model.apply(pictures, { training: false }) as tf.Tensor)
  return [...(await logits.data())]
}

async function writeChunks(path: string, chunks: Uint8Array[]): Promise<void> {
  const file = await open(path, 'w')
  try {
    for (const chunk of chunks) await file.writeFile(chunk)
  } finally {
    await file.close()
  }
}
