// alexnet convert: a model into another format, smaller on request. The new file is read again and held
// against the old one: the logits of some pictures say what the change costs.

import { realpath } from 'node:fs/promises'
import { createPreprocess } from '@alexnet/data'
import type { Quantization } from '@alexnet/weights'
import * as tf from '@tensorflow/tfjs'
import { type EngineOptions, startBackend } from '../backend.ts'
import { type LoadedModel, loadModel } from '../model-file.ts'
import { formatOf, type ModelFormat, requirePossible, writeModel } from '../model-writer.ts'
import { UsageError } from '../terminal/errors.ts'
import { megabytes, percent } from '../terminal/format.ts'
import { progress } from '../terminal/progress.ts'
import { drawnPictures, picturesOf, type SamplePictures } from './sample-pictures.ts'

export interface ConvertOptions extends EngineOptions {
  to?: ModelFormat
  quantize?: Quantization
  variant?: string
  withPreprocessing?: boolean
  pictures?: string
  limit: number
  json?: boolean
}

/** What `--json` prints. */
export interface Converted {
  input: { path: string; contents: string; bytes: number }
  output: { path: string; contents: string; bytes: number }
  /** Logits of the new file beside those of the old one. */
  comparison: {
    pictures: number
    /** Largest absolute difference of any logit. */
    worstLogitChange: number
    /** Largest absolute logit of the old file. */
    largestLogit: number
    /** Share of the pictures whose likeliest class is the same. */
    sameTop1: number
  }
}

/** Pictures that are drawn when none are named. */
const DRAWN = 16
const BATCH = 32

export async function convert(
  input: string,
  output: string,
  options: ConvertOptions,
): Promise<void> {
  const { quantize: quantization, withPreprocessing = false, json = false } = options
  const format = formatOf(output, options.to)
  const written = { format, quantization, withPreprocessing }
  requirePossible(written)
  await startBackend(options)
  const before = await loadModel(input, { ...options, quiet: json })
  await requireOther(before.path, output)
  const { preprocessing } = before
  const pictures = options.pictures
    ? await picturesOf(options.pictures, options.limit)
    : drawnPictures(DRAWN, preprocessing.crop)
  const shown = progress('comparing', 2 * pictures.length, { quiet: json })
  try {
    const expected = await logits(before, pictures, (done) => shown.update(done))
    const bytes = await writeModel(output, before, written)
    before.model.dispose()
    const after = await loadModel(asPath(output), { description: before })
    const found = await logits(after, pictures, (done) => shown.update(pictures.length + done))
    after.model.dispose()
    shown.stop()
    const result: Converted = {
      input: { path: before.path, contents: before.contents, bytes: before.bytes },
      output: { path: output, contents: after.contents, bytes },
      comparison: compare(expected, found),
    }
    if (json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
    else process.stdout.write(formatConverted(result, format, options.pictures))
  } finally {
    shown.stop()
  }
}

/** As a path, even where it is the name of published weights. */
const asPath = (path: string) => (/[/\\]/.test(path) ? path : `./${path}`)

async function requireOther(input: string, output: string): Promise<void> {
  const [from, to] = await Promise.all(
    [input, output].map((path) => realpath(path).catch(() => '')),
  )
  if (from && from === to) {
    throw new UsageError(`${output} is the file that is read: name another for the result`)
  }
}

/** Logits of each picture. */
async function logits(
  { model, preprocessing }: LoadedModel,
  pictures: SamplePictures,
  onProgress: (done: number) => void,
): Promise<Float32Array[]> {
  const preprocess = createPreprocess(preprocessing)
  const { crop } = preprocessing
  const rows: Float32Array[] = []
  for (let start = 0; start < pictures.length; start += BATCH) {
    const count = Math.min(BATCH, pictures.length - start)
    const batch = new Float32Array(count * crop * crop * 3)
    for (let index = 0; index < count; index++) {
      batch.set(preprocess(await pictures.load(start + index)), index * crop * crop * 3)
    }
    const output = tf.tidy(
      () => model.predict(tf.tensor4d(batch, [count, crop, crop, 3])) as tf.Tensor,
    )
    const values = (await output.data()) as Float32Array
    const classes = values.length / count
    output.dispose()
    for (let index = 0; index < count; index++) {
      rows.push(values.slice(index * classes, (index + 1) * classes))
    }
    onProgress(rows.length)
  }
  return rows
}

function compare(expected: Float32Array[], found: Float32Array[]): Converted['comparison'] {
  let worstLogitChange = 0
  let largestLogit = 0
  let same = 0
  for (const [index, row] of expected.entries()) {
    const other = found[index]!
    for (const [logit, value] of row.entries()) {
      worstLogitChange = Math.max(worstLogitChange, Math.abs(other[logit]! - value))
      largestLogit = Math.max(largestLogit, Math.abs(value))
    }
    if (likeliest(row) === likeliest(other)) same++
  }
  if (!Number.isFinite(worstLogitChange)) {
    throw new Error('the logits are no finite numbers: the weights are broken (NaN or infinite)')
  }
  const sameTop1 = same / expected.length
  return { pictures: expected.length, worstLogitChange, largestLogit, sameTop1 }
}

const likeliest = (row: Float32Array) => row.indexOf(Math.max(...row))

function formatConverted(
  { input, output, comparison }: Converted,
  format: string,
  named?: string,
): string {
  const { pictures, worstLogitChange, largestLogit, sameTop1 } = comparison
  const share = input.bytes > 0 ? `, ${percent(output.bytes / input.bytes)} of it` : ''
  return [
    `read     ${input.path}: ${input.contents}${input.bytes > 0 ? `, ${megabytes(input.bytes)}` : ''}`,
    `written  ${output.path}: ${output.contents}, ${megabytes(output.bytes)}${share}`,
    worstLogitChange === 0
      ? 'logits   the same to the last bit'
      : `logits   worst change ${worstLogitChange.toPrecision(3)}, the largest being ${largestLogit.toPrecision(3)}`,
    `top-1    the same for ${percent(sameTop1)} of ${pictures} ${named === undefined ? 'drawn pictures' : 'pictures'}`,
    ...(format === 'tfjs'
      ? ['to load  tf.loadLayersModel, after registerLayers() of @alexnet/core']
      : []),
    '',
  ].join('\n')
}
