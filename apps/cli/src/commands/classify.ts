// alexnet classify: the likeliest classes of pictures.

import { Classifier, type Prediction, quantizeLinear } from '@alexnet/core'
import { createPreprocess } from '@alexnet/data'
import pc from 'picocolors'
import { type EngineOptions, startBackend } from '../backend.ts'
import { loadModel } from '../model-file.ts'
import { type OnBroken, readPictures, SkippedPictures } from '../pictures.ts'
import { exitCodes, UsageError } from '../terminal/errors.ts'
import { bar, percent } from '../terminal/format.ts'
import { progress } from '../terminal/progress.ts'

export interface ClassifyOptions extends EngineOptions {
  weights?: string
  variant?: string
  /** Fully connected layers compute with the file's int8 weights. */
  keepInt8?: boolean
  top: number
  batchSize?: number
  onBroken?: OnBroken
  json?: boolean
}

export interface Classified {
  file: string
  top: Prediction[]
}

export async function classify(files: string[], options: ClassifyOptions): Promise<void> {
  await startBackend(options)
  const classifier = await loadClassifier(options)
  const skipped = new SkippedPictures()
  const results = await classifyFiles(classifier, files, options, skipped)
  classifier.dispose()
  if (skipped.count > 0) process.exitCode = exitCodes.failed
  skipped.report()
  if (options.json)
    process.stdout.write(`${JSON.stringify(withErrors(files, results, skipped), null, 2)}\n`)
  else for (const result of results) process.stdout.write(`${formatResult(result)}\n`)
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

/** What came of each file, in their order. */
function withErrors(
  files: readonly string[],
  results: readonly Classified[],
  skipped: SkippedPictures,
) {
  const problems = new Map(skipped.list.map(({ path, problem }) => [path, problem]))
  const sound = results.values()
  return files.map((file) =>
    problems.has(file) ? { file, error: problems.get(file) } : sound.next().value,
  )
}

/**
 * Classifies files in batches, in their order.
 *
 * @throws PictureError on the first broken one, unless they are to be skipped
 */
export async function classifyFiles(
  classifier: Classifier,
  files: readonly string[],
  {
    top,
    batchSize = 32,
    json = false,
    onBroken = 'stop',
  }: Pick<ClassifyOptions, 'top' | 'batchSize' | 'json' | 'onBroken'>,
  skipped = new SkippedPictures(),
): Promise<Classified[]> {
  const results: Classified[] = []
  const shown = progress('classifying', files.length, { quiet: json || files.length <= batchSize })
  try {
    for (let start = 0; start < files.length; start += batchSize) {
      const names = files.slice(start, start + batchSize)
      const read = await readPictures(names, onBroken, skipped)
      const pictures = read.map(({ picture }) => picture)
      const predictions = read.length > 0 ? await classifier.classify(pictures, { topK: top }) : []
      for (const [index, { file }] of read.entries())
        results.push({ file, top: predictions[index]! })
      shown.update(start + names.length)
    }
  } finally {
    shown.stop()
  }
  return results
}

/** A file's name over a line for each class: label, bar, probability. */
export function formatResult({ file, top }: Classified): string {
  const width = Math.min(40, Math.max(...top.map(({ label }) => label.length)))
  const lines = top.map(
    ({ label, probability }) =>
      `  ${label.padEnd(width)} ${pc.cyan(bar(probability))} ${percent(probability).padStart(6)}`,
  )
  return [pc.bold(file), ...lines].join('\n')
}
