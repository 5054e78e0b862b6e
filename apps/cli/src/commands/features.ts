// alexnet features: a layer's output for each picture, written row by row as it is computed, so that
// memory does not grow with the number of pictures.

import { extname } from 'node:path'
import type { Communicator } from '@alexnet/distributed'
import type { Model } from '@alexnet/model'
import { bytesOf, encodeNpyHeader, encodeSafetensorsHeader } from '@alexnet/weights'
import { replaceFile } from '@alexnet/weights/node'
import { startBackend } from '../backend.ts'
import { loadModel } from '../model.ts'
import { requireOther } from '../output.ts'
import { readPictures, SkippedPictures } from '../pictures.ts'
import { fromFirst, type RankOptions, withRanks } from '../ranks.ts'
import { fingerprintOfFiles, fingerprintOfModel, inShards } from '../shards.ts'
import { exitCodes, UsageError } from '../terminal/errors.ts'
import { interruptible } from '../terminal/interrupt.ts'
import { print, printJson } from '../terminal/print.ts'
import { type Progress, progress } from '../terminal/progress.ts'
import { type ClassifyOptions, inTurn } from './classify.ts'

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

export async function features(named: string[], options: FeaturesOptions): Promise<void> {
  await withRanks(options, (communicator, own) => writeFeatures(named, own, communicator))
}

async function writeFeatures(
  named: string[],
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
  const skipped = new SkippedPictures()
  const files =
    options.onBroken === 'skip'
      ? await fromFirst(communicator, () => soundFiles(named, batchSize, skipped))
      : named
  await requireOther(out, [...files, options.weights])
  await startBackend(options)
  const model = await loadModel(options.weights, { ...options, quiet: json })
  const stop = interruptible(`stopped; ${out} is as it was`)
  const shown = progress('features', files.length, { quiet: json })
  let shape: number[] = []
  async function* rows() {
    const source =
      communicator.size === 1
        ? featureRows(model, files, layer, batchSize, shown)
        : shardedRows(communicator, model, files, options, shown)
    for await (const row of source) {
      shape = [files.length, ...row.shape]
      yield row
    }
  }
  try {
    if (communicator.rank > 0) for await (const _ of rows());
    else await replaceFile(out, encode(rows(), files, layer), { signal: stop.signal })
  } finally {
    stop.release()
    shown.stop()
    model.dispose()
  }
  if (skipped.count > 0) process.exitCode = exitCodes.failed
  skipped.report()
  if (json) printJson({ out, layer, shape })
  else print(`${out}: ${layer} of ${files.length} pictures, shape [${shape.join(', ')}]`)
}

/** The files that can be used: a table's header says how many rows follow, so they are read before. */
async function soundFiles(
  named: readonly string[],
  batchSize: number,
  skipped: SkippedPictures,
): Promise<string[]> {
  const files: string[] = []
  for (let start = 0; start < named.length; start += batchSize) {
    const read = await readPictures(named.slice(start, start + batchSize), 'skip', skipped)
    for (const { file } of read) files.push(file)
  }
  if (files.length > 0) return files
  skipped.report()
  throw new Error(`none of the ${named.length} pictures can be used`)
}

async function* featureRows(
  model: Model,
  files: readonly string[],
  layer: string,
  batchSize: number,
  shown: Progress,
): AsyncGenerator<Row> {
  let done = 0
  for await (const result of model.features(inTurn(files), { layer, batchSize })) {
    yield { file: files[done]!, ...result }
    shown.update(++done)
  }
}

/** The same rows from the ranks of a job: each does some of the batches, rank 0 has all. */
async function* shardedRows(
  communicator: Communicator,
  model: Model,
  files: readonly string[],
  { out, layer, keepInt8, batchSize = 32 }: FeaturesOptions,
  shown: Progress,
): AsyncGenerator<Row> {
  const batchOf = (batch: number) => files.slice(batch * batchSize, (batch + 1) * batchSize)
  const silent = { ...shown, update: () => {} }
  const work = async (batch: number) => {
    const rows: Row[] = []
    for await (const row of featureRows(model, batchOf(batch), layer, batchSize, silent)) {
      rows.push(row)
    }
    const { shape } = rows[0]!
    const head = bytesOf(Uint32Array.of(shape.length, ...shape))
    return Buffer.concat([head, ...rows.map(({ data }) => bytesOf(data))])
  }
  const shards = {
    folder: `${out}.parts`,
    key: {
      command: 'features',
      files: await fingerprintOfFiles(files),
      model: await fingerprintOfModel(model),
      layer,
      keepInt8,
      batchSize,
    },
    count: Math.ceil(files.length / batchSize),
  }
  let done = 0
  for await (const bytes of inShards(communicator, shards, work)) {
    const words = bytes.slice().buffer
    const [axes = 0] = new Uint32Array(words, 0, 1)
    const shape = [...new Uint32Array(words, 4, axes)]
    const data = new Float32Array(words, 4 + 4 * axes)
    const size = shape.reduce((product, length) => product * length, 1)
    for (let at = 0; at < data.length / size; at++) {
      yield { file: files[done]!, shape, data: data.subarray(at * size, (at + 1) * size) }
      shown.update(++done)
    }
  }
}
