// alexnet features: a layer's output for each picture, written row by row as it is computed, so that
// memory does not grow with the number of pictures.

import { extname } from 'node:path'
import type { Classifier } from '@alexnet/core'
import { bytesOf, encodeNpyHeader, encodeSafetensorsHeader } from '@alexnet/weights'
import { replaceFile } from '@alexnet/weights/node'
import { startBackend } from '../backend.ts'
import { requireOther } from '../output.ts'
import { UsageError } from '../terminal/errors.ts'
import { interruptible } from '../terminal/interrupt.ts'
import { print, printJson } from '../terminal/print.ts'
import { type Progress, progress } from '../terminal/progress.ts'
import { type ClassifyOptions, loadClassifier } from './classify.ts'
import { readPictures } from './pictures.ts'

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

export async function features(files: string[], options: FeaturesOptions): Promise<void> {
  const { out, layer, json = false, batchSize = 32 } = options
  const encode = encoders[extname(out).toLowerCase()]
  if (!encode) {
    throw new UsageError(
      `--out ${out}: the ending says the format, one of ${Object.keys(encoders).join(', ')}`,
    )
  }
  await requireOther(out, [...files, options.weights])
  await startBackend(options)
  const classifier = await loadClassifier(options)
  const stop = interruptible(`stopped; ${out} is as it was`)
  const shown = progress('features', files.length, { quiet: json })
  let shape: number[] = []
  async function* rows() {
    for await (const row of featureRows(classifier, files, layer, batchSize, shown)) {
      shape = [files.length, ...row.shape]
      yield row
    }
  }
  try {
    await replaceFile(out, encode(rows(), files, layer), { signal: stop.signal })
  } finally {
    stop.release()
    shown.stop()
    classifier.dispose()
  }
  if (json) printJson({ out, layer, shape })
  else print(`${out}: ${layer} of ${files.length} pictures, shape [${shape.join(', ')}]`)
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
    const pictures = await readPictures(names)
    const results = await classifier.features(pictures, { layer })
    for (const [index, file] of names.entries()) yield { file, ...results[index]! }
    shown.update(start + names.length)
  }
}
