// alexnet features: a layer's output for each picture, written row by row as it is computed, so that
// memory does not grow with the number of pictures.

import { extname } from 'node:path'
import type { Classifier } from '@alexnet/core'
import { readPicture } from '@alexnet/data'
import type { Communicator } from '@alexnet/distributed'
import { bytesOf, encodeNpyHeader, encodeSafetensorsHeader } from '@alexnet/weights'
import { replaceFile } from '@alexnet/weights/node'
import { startBackend } from '../backend.ts'
import { type RankOptions, withRanks } from '../ranks.ts'
import { fingerprintOfFiles, fingerprintOfModel, inShards } from '../shards.ts'
import { UsageError } from '../terminal/errors.ts'
import { type Progress, progress } from '../terminal/progress.ts'
import { type ClassifyOptions, loadNetwork } from './classify.ts'

export interface FeaturesOptions extends Omit<ClassifyOptions, 'top'>, RankOptions {
  layer: string
  out: string
}

interface Row {
  file: string
  shape: number[]
  data: Float32Array
}

/** How a table of rows becomes a file; `shape` is one row's, `files` name the rows. */
type Encoder = (
  rows: AsyncIterable<Row>,
  files: readonly string[],
  layer: string,
) => AsyncIterable<Uint8Array>

const utf8 = (text: string) => new TextEncoder().encode(text)

/** Puts a header that needs the shape of a row before the rows' numbers. */
const withHeader = (
  header: (shape: number[], files: readonly string[], layer: string) => Uint8Array,
): Encoder =>
  async function* (rows, files, layer) {
    let started = false
    for await (const { shape, data } of rows) {
      if (!started) yield header([files.length, ...shape], files, layer)
      started = true
      yield bytesOf(data)
    }
  }

const encoders: Record<string, Encoder> = {
  '.npy': withHeader((shape) => encodeNpyHeader(shape)),
  '.safetensors': withHeader((shape, files, layer) =>
    encodeSafetensorsHeader([['features', { dtype: 'float32', shape }]], {
      layer,
      files: JSON.stringify(files),
    }),
  ),
  '.jsonl': async function* (rows) {
    for await (const { file, shape, data } of rows) {
      yield utf8(`${JSON.stringify({ file, shape, features: [...data] })}\n`)
    }
  },
}

export async function features(files: string[], options: FeaturesOptions): Promise<void> {
  await withRanks(options, (communicator, own) => writeFeatures(files, own, communicator))
}

async function writeFeatures(
  files: string[],
  options: FeaturesOptions,
  communicator: Communicator,
): Promise<void> {
  const { out, layer, json = false, batchSize = 32 } = options
  const encode = encoders[extname(out).toLowerCase()]
  if (!encode) {
    throw new UsageError(
      `--out ${out}: the ending says the format, one of ${Object.keys(encoders).join(', ')}`,
    )
  }
  await startBackend(options)
  const { classifier, model } = await loadNetwork(options)
  const isFirst = communicator.rank === 0
  const shown = progress('features', files.length, { quiet: json || !isFirst })
  let shape: number[] = []
  async function* rows() {
    const source =
      communicator.size === 1
        ? featureRows(classifier, files, layer, batchSize, shown)
        : shardedRows(
            communicator,
            classifier,
            await fingerprintOfModel(model),
            files,
            options,
            shown,
          )
    for await (const row of source) {
      shape = [files.length, ...row.shape]
      yield row
    }
  }
  try {
    if (isFirst) await replaceFile(out, encode(rows(), files, layer))
    else for await (const _ of rows());
  } finally {
    shown.stop()
    classifier.dispose()
  }
  if (!isFirst) return
  if (json) process.stdout.write(`${JSON.stringify({ out, layer, shape })}\n`)
  else
    process.stdout.write(
      `${out}: ${layer} of ${files.length} pictures, shape [${shape.join(', ')}]\n`,
    )
}

async function* featureRows(
  classifier: Classifier,
  files: readonly string[],
  layer: string,
  batchSize: number,
  shown: Progress,
): AsyncGenerator<Row> {
  for (let start = 0; start < files.length; start += batchSize) {
    const names = files.slice(start, start + batchSize)
    const pictures = await Promise.all(names.map((name) => readPicture(name)))
    const results = await classifier.features(pictures, { layer })
    for (const [index, file] of names.entries()) yield { file, ...results[index]! }
    shown.update(start + names.length)
  }
}

/** The same rows from the ranks of a job: each does some of the batches, rank 0 has all. */
async function* shardedRows(
  communicator: Communicator,
  classifier: Classifier,
  model: string,
  files: readonly string[],
  { out, layer, keepInt8, batchSize = 32 }: FeaturesOptions,
  shown: Progress,
): AsyncGenerator<Row> {
  const batchOf = (batch: number) => files.slice(batch * batchSize, (batch + 1) * batchSize)
  const work = async (batch: number) => {
    const quiet = { ...shown, update: () => {} }
    const rows: Row[] = []
    for await (const row of featureRows(classifier, batchOf(batch), layer, batchSize, quiet)) {
      rows.push(row)
    }
    const { shape } = rows[0]!
    return Buffer.concat([
      Uint8Array.of(shape.length),
      bytesOf(Uint32Array.from(shape)),
      ...rows.map(({ data }) => bytesOf(data)),
    ])
  }
  const shards = {
    folder: `${out}.parts`,
    key: {
      command: 'features',
      files: await fingerprintOfFiles(files),
      model,
      layer,
      keepInt8,
      batchSize,
    },
    count: Math.ceil(files.length / batchSize),
  }
  let batch = 0
  for await (const bytes of inShards(communicator, shards, work)) {
    const [rank = 0] = bytes
    const shape = [...new Uint32Array(bytes.slice(1, 1 + 4 * rank).buffer)]
    const data = new Float32Array(bytes.slice(1 + 4 * rank).buffer)
    const size = shape.reduce((product, length) => product * length, 1)
    for (const [at, file] of batchOf(batch).entries()) {
      yield { file, shape, data: data.subarray(at * size, (at + 1) * size) }
    }
    batch += 1
    shown.update(Math.min(files.length, batch * batchSize))
  }
}
