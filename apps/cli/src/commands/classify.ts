// alexnet classify: the likeliest classes of pictures.

import { Classifier, type Prediction, quantizeLinear } from '@alexnet/core'
import { createPreprocess } from '@alexnet/data'
import { type EngineOptions, startBackend } from '../backend.ts'
import { loadModel } from '../model-file.ts'
import { UsageError } from '../terminal/errors.ts'
import { bar, percent } from '../terminal/format.ts'
import { bold, cyan, print, printJson, shown } from '../terminal/print.ts'
import { progress } from '../terminal/progress.ts'
import { readPictures } from './pictures.ts'

export interface ClassifyOptions extends EngineOptions {
  weights?: string
  variant?: string
  /** Fully connected layers compute with the file's int8 weights. */
  keepInt8?: boolean
  top: number
  batchSize?: number
  json?: boolean
}

export interface Classified {
  file: string
  top: Prediction[]
}

export async function classify(files: string[], options: ClassifyOptions): Promise<void> {
  await startBackend(options)
  const classifier = await loadClassifier(options)
  const results = await classifyFiles(classifier, files, options)
  classifier.dispose()
  if (options.json) printJson(results, 2)
  else for (const result of results) print(...formatResult(result))
}

/**
 * A classifier from a model file or run folder, its own preprocessing and labels with it.
 *
 * @throws UsageError when int8 weights are to be kept and the file has none
 */
export async function loadClassifier(
  options: Pick<ClassifyOptions, 'weights' | 'variant' | 'keepInt8' | 'json'>,
): Promise<Classifier> {
  const loaded = await loadModel(options.weights, { ...options, quiet: options.json ?? false })
  const { model, labels, preprocessing, isInt8, path } = loaded
  if (options.keepInt8) {
    if (!isInt8) {
      throw new UsageError(
        `${path} has no int8 weights to keep: make such a file with alexnet convert --quantize int8`,
      )
    }
    // The file's own levels: with the largest weight of each output at 127, rounding gives them again.
    quantizeLinear(model, 'int8')
  }
  return new Classifier({ model, labels, preprocess: createPreprocess(preprocessing) })
}

/** Classifies files in batches, in their order. @throws PictureError on the first broken one */
export async function classifyFiles(
  classifier: Classifier,
  files: readonly string[],
  { top, batchSize = 32, json = false }: Pick<ClassifyOptions, 'top' | 'batchSize' | 'json'>,
): Promise<Classified[]> {
  const results: Classified[] = []
  const shown = progress('classifying', files.length, { quiet: json || files.length <= batchSize })
  try {
    for (let start = 0; start < files.length; start += batchSize) {
      const names = files.slice(start, start + batchSize)
      const pictures = await readPictures(names)
      const predictions = await classifier.classify(pictures, { topK: top })
      for (const [index, file] of names.entries()) results.push({ file, top: predictions[index]! })
      shown.update(results.length)
    }
  } finally {
    shown.stop()
  }
  return results
}

/** A file's name over a line for each class: label, bar, probability. */
export function formatResult({ file, top }: Classified): string[] {
  const width = Math.min(40, Math.max(...top.map(({ label }) => shown(label).length)))
  const lines = top.map(
    ({ label, probability }) =>
      `  ${shown(label).padEnd(width)} ${cyan(bar(probability))} ${percent(probability).padStart(6)}`,
  )
  return [bold(file), ...lines]
}
