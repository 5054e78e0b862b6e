// alexnet convert: a model into another format, smaller on request. The new file is read again and held
// against the old one: the logits of some pictures say what the change costs. A .tflite file is written and not read.

import {
  formatOf,
  layersOfOurs,
  type Model,
  type ModelFormat,
  requirePossible,
  type SaveOptions,
  writtenOnly,
} from '@alexnet/model'
import type { Quantization } from '@alexnet/weights'
import { type EngineOptions, startBackend } from '../backend.ts'
import { loadModel } from '../model.ts'
import { requireOther } from '../output.ts'
import { UsageError } from '../terminal/errors.ts'
import { megabytes, percent } from '../terminal/format.ts'
import { print, printJson } from '../terminal/print.ts'
import { progress } from '../terminal/progress.ts'
import { convertFeatures } from './convert-features.ts'
import { DRAWN, drawnPictures, picturesOf, type SamplePictures } from './sample-pictures.ts'

export interface ConvertOptions extends EngineOptions {
  to?: ModelFormat
  quantize?: Quantization
  only?: 'features'
  linear?: string
  variant?: string
  withPreprocessing?: boolean
  softmax?: boolean
  batch?: number
  pictures?: string
  limit: number
  json?: boolean
}

/** What `--json` prints. */
export interface Converted {
  input: { path: string; contents: string; bytes: number }
  output: { path: string; contents: string; bytes: number }
  /** Logits of the new file beside those of the old one; of formats that are not read none. */
  comparison?: {
    pictures: number
    /** Largest absolute difference of any logit. */
    worstLogitChange: number
    /** Largest absolute logit of the old file. */
    largestLogit: number
    /** Share of the pictures whose likeliest class is the same. */
    sameTop1: number
  }
}

export async function convert(
  input: string,
  output: string,
  options: ConvertOptions,
): Promise<void> {
  const { quantize: quantization, withPreprocessing = false, only, json = false } = options
  const { softmax, batch } = options
  const format = formatOf(output, options.to)
  const written: SaveOptions = {
    format,
    quantize: quantization,
    withPreprocessing,
    softmax,
    batch,
    only,
  }
  requirePossible(written)
  if (options.linear !== undefined && only === undefined) {
    throw new UsageError('--linear is about the perceptual distance: give --only features with it')
  }
  const isCompared = !writtenOnly.includes(format)
  if (options.pictures !== undefined && !isCompared) {
    throw new UsageError(
      `--pictures compares by the new file, and ${format} is written and not read`,
    )
  }
  await startBackend(options)
  if (only === 'features') return convertFeatures(input, output, options, format)
  const before = await loadModel(input, { ...options, quiet: json })
  await requireOther(output, [before.origin.path])
  const own = format === 'tfjs' ? layersOfOurs(before.network) : []
  const { path, contents, bytes } = before.origin
  const { preprocessing, labels } = before
  const done = isCompared
    ? await saveAndCompare(before, output, written, options)
    : await saveAlone(before, output, written)
  const result: Converted = { input: { path, contents, bytes }, ...done }
  if (json) printJson(result, 2)
  else {
    print(...formatConverted(result, options.pictures), ...howToLoad(format, output, own))
    if (format === 'tflite') print(...tfliteValues(preprocessing, labels.length, written))
  }
}

/** A file that is not read here: its weights' type is all that is known of it. */
async function saveAlone(
  model: Model,
  output: string,
  written: SaveOptions,
): Promise<Omit<Converted, 'input'>> {
  const bytes = await model.save(output, written)
  model.dispose()
  const contents = [written.format, written.quantize ?? 'float32'].join(', ')
  return { output: { path: output, contents, bytes } }
}

async function saveAndCompare(
  before: Model,
  output: string,
  written: SaveOptions,
  options: ConvertOptions,
): Promise<Omit<Converted, 'input'>> {
  const pictures = options.pictures
    ? await picturesOf(options.pictures, options.limit)
    : drawnPictures(DRAWN, before.preprocessing.crop)
  const shown = progress('comparing', 2 * pictures.length, { quiet: options.json ?? false })
  try {
    const expected = await logits(before, pictures, (done) => shown.update(done))
    const bytes = await before.save(output, written)
    before.dispose()
    const after = await loadModel(asPath(output), { description: before })
    const found = await logits(after, pictures, (done) => shown.update(pictures.length + done))
    after.dispose()
    return {
      output: { path: output, contents: after.origin.contents, bytes },
      comparison: compare(expected, found),
    }
  } finally {
    shown.stop()
  }
}

/** As a path, even where it is the name of published weights. */
const asPath = (path: string) => (/[/\\]/.test(path) ? path : `./${path}`)

/** Logits of each picture. */
async function logits(
  model: Model,
  pictures: SamplePictures,
  onProgress: (done: number) => void,
): Promise<Float32Array[]> {
  const each = (async function* () {
    for (let index = 0; index < pictures.length; index++) yield await pictures.load(index)
  })()
  const rows: Float32Array[] = []
  for await (const { data } of model.features(each, { layer: model.layerNames.at(-1)! })) {
    rows.push(data)
    onProgress(rows.length)
  }
  return rows
}

function compare(
  expected: Float32Array[],
  found: Float32Array[],
): NonNullable<Converted['comparison']> {
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

function formatConverted({ input, output, comparison }: Converted, named?: string): string[] {
  const share = input.bytes > 0 ? `, ${percent(output.bytes / input.bytes)} of it` : ''
  const lines = [
    `read     ${input.path}: ${input.contents}${input.bytes > 0 ? `, ${megabytes(input.bytes)}` : ''}`,
    `written  ${output.path}: ${output.contents}, ${megabytes(output.bytes)}${share}`,
  ]
  if (!comparison) return lines
  const { pictures, worstLogitChange, largestLogit, sameTop1 } = comparison
  return [
    ...lines,
    worstLogitChange === 0
      ? 'logits   the same to the last bit'
      : `logits   worst change ${worstLogitChange.toPrecision(3)}, the largest being ${largestLogit.toPrecision(3)}`,
    `top-1    the same for ${percent(sameTop1)} of ${pictures} ${named === undefined ? 'drawn pictures' : 'pictures'}`,
  ]
}

/** What a .tflite file takes and gives. */
function tfliteValues(
  { crop, mean, std, meanPicture }: Model['preprocessing'],
  classes: number,
  { batch = 1, withPreprocessing, softmax }: SaveOptions,
): string[] {
  const shape = `[${batch}, ${crop}, ${crop}, 3]`
  const subtracted = meanPicture ? 'the mean picture' : `[${mean.join(', ')}]`
  return [
    withPreprocessing
      ? `input    image: uint8 ${shape}, RGB`
      : `input    image: float32 ${shape}, (RGB / 255 - ${subtracted}) / [${std.join(', ')}]`,
    `output   ${softmax ? 'probabilities' : 'logits'}: float32 [${batch}, ${classes}]`,
  ]
}

/** What to open a folder with that is for another program. */
function howToLoad(format: ModelFormat, output: string, own: readonly string[]): string[] {
  if (format === 'transformers') {
    return [`to load  pipeline('image-classification', '${output}') of Transformers.js`]
  }
  if (format !== 'tfjs') return []
  const plain = 'to load  tf.loadLayersModel'
  if (own.length === 0) return [plain]
  const which = `TensorFlow.js has no layer for ${own.join(', ')}`
  return [`${plain}, after registerLayers() of @alexnet/core/layers: ${which}`]
}
