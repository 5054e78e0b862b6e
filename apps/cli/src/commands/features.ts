// alexnet features: a layer's output for each picture, written row by row as it is computed, so that
// memory does not grow with the number of pictures.

import { extname } from 'node:path'
import type { Model } from '@alexnet/model'
import { bytesOf, encodeNpyHeader, encodeSafetensorsHeader } from '@alexnet/weights'
import { replaceFile } from '@alexnet/weights/node'
import { startBackend } from '../backend.ts'
import { loadModel } from '../model.ts'
import { requireOther } from '../output.ts'
import { readPictures, SkippedPictures } from '../pictures.ts'
import { exitCodes, UsageError } from '../terminal/errors.ts'
import { interruptible } from '../terminal/interrupt.ts'
import { print, printJson } from '../terminal/print.ts'
import { type Progress, progress } from '../terminal/progress.ts'
import { type ClassifyOptions, inTurn } from './classify.ts'

export interface FeaturesOptions extends Omit<ClassifyOptions, 'top'> {
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
  const { out, layer, json = false, batchSize = 32 } = options
  const encode = encoders[extname(out).toLowerCase()]
  if (!encode) {
    throw new UsageError(
      `--out ${out}: the ending says the format, one of ${Object.keys(encoders).join(', ')}`,
    )
  }
  const skipped = new SkippedPictures()
  const files = options.onBroken === 'skip' ? await soundFiles(named, batchSize, skipped) : named
  await requireOther(out, [...files, options.weights])
  await startBackend(options)
  const model = await loadModel(options.weights, { ...options, quiet: json })
  const stop = interruptible(`stopped; ${out} is as it was`)
  const shown = progress('features', files.length, { quiet: json })
  let shape: number[] = []
  async function* rows() {
    for await (const row of featureRows(model, files, layer, batchSize, shown)) {
      shape = [files.length, ...row.shape]
      yield row
    }
  }
  try {
    await replaceFile(out, encode(rows(), files, layer), { signal: stop.signal })
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
