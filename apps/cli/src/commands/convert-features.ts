// alexnet convert --only features: the convolutions of a model alone, for perceptual distance. The new file is opened
// again, and pictures held against blurred ones of themselves by both say what the change costs.

import { gaussianBlur } from '@alexnet/data/functional'
import type { Lpips } from '@alexnet/lpips'
import type { ModelFormat } from '@alexnet/model'
import type { Quantization } from '@alexnet/weights'
import { loadModel, openLpipsFor } from '../model.ts'
import { requireOther } from '../output.ts'
import { megabytes, percent } from '../terminal/format.ts'
import { print, printJson } from '../terminal/print.ts'
import { progress } from '../terminal/progress.ts'
import { DRAWN, drawnPictures, picturesOf } from './sample-pictures.ts'

export interface ConvertFeaturesOptions {
  quantize?: Quantization
  /** Weights of channels to measure the change by. Default: none, the plain form. */
  linear?: string
  variant?: string
  pictures?: string
  limit: number
  json?: boolean
}

/** What `--json` prints. */
export interface ConvertedFeatures {
  input: { path: string; contents: string; bytes: number }
  output: { path: string; bytes: number }
  comparison: {
    pictures: number
    form: Lpips['form']
    /** Largest absolute difference of any distance. */
    worstDistanceChange: number
    /** Largest distance by the old file. */
    largestDistance: number
  }
}

export async function convertFeatures(
  input: string,
  output: string,
  options: ConvertFeaturesOptions,
  format: ModelFormat,
): Promise<void> {
  const { quantize, linear, json = false } = options
  const model = await loadModel(input, { ...options, quiet: json })
  await requireOther(output, [model.origin.path, linear])
  const { path, contents, bytes: before } = model.origin
  const pictures = options.pictures
    ? await picturesOf(options.pictures, options.limit)
    : drawnPictures(DRAWN, Math.max(64, model.inputSize))
  // The published weights of channels are for the published network, and would be a download.
  const measured = { linear, plain: linear === undefined }
  const [bytes, old] = [
    await model.save(output, { format, quantize, only: 'features' }),
    await openLpipsFor(model, measured),
  ]
  model.dispose()
  const fresh = await openLpipsFor(/[/\\]/.test(output) ? output : `./${output}`, measured)
  const shown = progress('comparing', pictures.length, { quiet: json })
  const comparison = {
    pictures: pictures.length,
    form: old.form,
    worstDistanceChange: 0,
    largestDistance: 0,
  }
  try {
    for (let index = 0; index < pictures.length; index++) {
      const picture = await pictures.load(index)
      const blurred = gaussianBlur(picture, { kernelSize: 9, sigma: 2 })
      const [was, is] = [await old.compare(picture, blurred), await fresh.compare(picture, blurred)]
      const change = Math.abs(is.distance - was.distance)
      comparison.worstDistanceChange = Math.max(comparison.worstDistanceChange, change)
      comparison.largestDistance = Math.max(comparison.largestDistance, was.distance)
      shown.update(index + 1)
    }
  } finally {
    shown.stop()
    old.dispose()
    fresh.dispose()
  }
  const result: ConvertedFeatures = {
    input: { path, contents, bytes: before },
    output: { path: output, bytes },
    comparison,
  }
  if (json) printJson(result, 2)
  else print(...formatted(result))
}

function formatted({ input, output, comparison }: ConvertedFeatures): string[] {
  const { pictures, form, worstDistanceChange, largestDistance } = comparison
  const share = input.bytes > 0 ? `, ${percent(output.bytes / input.bytes)} of it` : ''
  return [
    `read     ${input.path}: ${input.contents}${input.bytes > 0 ? `, ${megabytes(input.bytes)}` : ''}`,
    `written  ${output.path}: the features alone, ${megabytes(output.bytes)}${share}`,
    `distance worst change ${worstDistanceChange.toPrecision(3)}, the largest being ${largestDistance.toPrecision(3)} (${form}, of ${pictures} pictures and themselves blurred)`,
  ]
}
