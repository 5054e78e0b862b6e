// alexnet classify: the likeliest classes of pictures.

import { Classifier, type Prediction, quantizeLinear } from '@alexnet/core'
import { createPreprocess, readPicture } from '@alexnet/data'
import type { Communicator } from '@alexnet/distributed'
import pc from 'picocolors'
import { type EngineOptions, startBackend } from '../backend.ts'
import { loadModel } from '../model-file.ts'
import { type RankOptions, withRanks } from '../ranks.ts'
import {
  fingerprintOfFiles,
  fingerprintOfModel,
  fromBytes,
  inShards,
  shardFolder,
  toBytes,
} from '../shards.ts'
import { UsageError } from '../terminal/errors.ts'
import { bar, percent } from '../terminal/format.ts'
import { progress } from '../terminal/progress.ts'

export interface ClassifyOptions extends EngineOptions, RankOptions {
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
  await withRanks(options, async (communicator, own) => {
    await startBackend(own)
    const { classifier, model } = await loadNetwork(own)
    const results = await (communicator.size === 1
      ? classifyFiles(classifier, files, own)
      : classifyShards(communicator, classifier, await fingerprintOfModel(model), files, own))
    classifier.dispose()
    if (communicator.rank > 0) return
    if (own.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)
    else for (const result of results) process.stdout.write(`${formatResult(result)}\n`)
  })
}

/** The same results from the ranks of a job, each of which does some of the batches; all of them on rank 0. */
async function classifyShards(
  communicator: Communicator,
  classifier: Classifier,
  model: string,
  files: readonly string[],
  options: ClassifyOptions,
): Promise<Classified[]> {
  const { batchSize = 32, top, keepInt8 } = options
  const key = {
    command: 'classify',
    files: await fingerprintOfFiles(files),
    model,
    batchSize,
    top,
    keepInt8,
  }
  const count = Math.ceil(files.length / batchSize)
  const work = async (batch: number) => {
    const names = files.slice(batch * batchSize, (batch + 1) * batchSize)
    return toBytes(await classifyFiles(classifier, names, { ...options, json: true }))
  }
  const results: Classified[] = []
  const folder = shardFolder('classify', key)
  for await (const bytes of inShards(communicator, { folder, key, count }, work)) {
    results.push(...fromBytes<Classified[]>(bytes))
  }
  return results
}

/**
 * A classifier from a model file or run folder, its own preprocessing and labels with it.
 *
 * @throws UsageError when int8 weights are to be kept and the file has none
 */
export async function loadClassifier(
  options: Pick<ClassifyOptions, 'weights' | 'variant' | 'keepInt8' | 'json'>,
): Promise<Classifier> {
  return (await loadNetwork(options)).classifier
}

/** A classifier as `loadClassifier` gives it, with its network. */
export async function loadNetwork(
  options: Pick<ClassifyOptions, 'weights' | 'variant' | 'keepInt8' | 'json'>,
) {
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
  const preprocess = createPreprocess(preprocessing)
  return { model, classifier: new Classifier({ model, labels, preprocess }) }
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
      const pictures = await Promise.all(names.map((name) => readPicture(name)))
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
export function formatResult({ file, top }: Classified): string {
  const width = Math.min(40, Math.max(...top.map(({ label }) => label.length)))
  const lines = top.map(
    ({ label, probability }) =>
      `  ${label.padEnd(width)} ${pc.cyan(bar(probability))} ${percent(probability).padStart(6)}`,
  )
  return [pc.bold(file), ...lines].join('\n')
}
