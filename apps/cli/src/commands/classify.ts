// alexnet classify: the likeliest classes of pictures.

import type { Communicator } from '@alexnet/distributed'
import type { Model, Prediction } from '@alexnet/model'
import { type EngineOptions, startBackend } from '../backend.ts'
import { loadModel } from '../model.ts'
import { type OnBroken, SkippedPictures } from '../pictures.ts'
import { type RankOptions, withRanks } from '../ranks.ts'
import {
  fingerprintOfFiles,
  fingerprintOfModel,
  fromBytes,
  inShards,
  shardFolder,
  toBytes,
} from '../shards.ts'
import { exitCodes } from '../terminal/errors.ts'
import { bar, percent } from '../terminal/format.ts'
import { bold, cyan, print, printJson, shown } from '../terminal/print.ts'
import { progress } from '../terminal/progress.ts'

export interface ClassifyOptions extends EngineOptions, RankOptions {
  weights?: string
  variant?: string
  /** Fully connected layers compute with the file's int8 weights. */
  keepInt8?: boolean
  /** One centre crop a picture, or the mean over ten crops. Default center. */
  views?: 'center' | 'ten'
  top: number
  batchSize?: number
  onBroken?: OnBroken
  json?: boolean
}

export interface Classified {
  file: string
  top: Prediction[]
}

/** What came of a file. */
type Result = Classified | { file: string; error: string }

export async function classify(files: string[], options: ClassifyOptions): Promise<void> {
  await withRanks(options, (communicator, own) => printClasses(files, own, communicator))
}

async function printClasses(
  files: string[],
  options: ClassifyOptions,
  communicator: Communicator,
): Promise<void> {
  await startBackend(options)
  const model = await loadModel(options.weights, { ...options, quiet: options.json })
  const skipped = new SkippedPictures()
  const results = await (communicator.size === 1
    ? classifyFiles(model, files, options, skipped)
    : classifyShards(communicator, model, files, options, skipped))
  model.dispose()
  if (skipped.count > 0) process.exitCode = exitCodes.failed
  skipped.report()
  if (options.json) printJson(results, 2)
  else for (const result of results) if ('top' in result) print(...formatResult(result))
}

/**
 * What came of each file, in their order.
 *
 * @throws PictureError on the first broken one, unless they are to be skipped
 */
async function classifyFiles(
  model: Model,
  files: readonly string[],
  { top: topK, views, batchSize = 32, json = false, onBroken }: ClassifyOptions,
  skipped: SkippedPictures,
): Promise<Result[]> {
  const results: Result[] = []
  const shown = progress('classifying', files.length, { quiet: json || files.length <= batchSize })
  const problems = new Map<number, string>()
  try {
    const predictions = model.classify(inTurn(files), {
      topK,
      views,
      batchSize,
      onBroken:
        onBroken === 'skip'
          ? (error, index) => {
              skipped.add(error)
              problems.set(index, error.message)
            }
          : undefined,
    })
    for await (const top of predictions) {
      const file = files[results.length]!
      const error = problems.get(results.length)
      results.push(error === undefined ? { file, top } : { file, error })
      shown.update(results.length)
    }
  } finally {
    shown.stop()
  }
  return results
}

/** The same from the ranks of a job, each of which does some of the batches; on rank 0, the others get none. */
async function classifyShards(
  communicator: Communicator,
  model: Model,
  files: readonly string[],
  options: ClassifyOptions,
  skipped: SkippedPictures,
): Promise<Result[]> {
  const { batchSize = 32, top, views, keepInt8, onBroken } = options
  const key = {
    command: 'classify',
    files: await fingerprintOfFiles(files),
    model: await fingerprintOfModel(model),
    batchSize,
    top,
    views,
    keepInt8,
    onBroken,
  }
  const work = async (batch: number) => {
    const names = files.slice(batch * batchSize, (batch + 1) * batchSize)
    return toBytes(await classifyFiles(model, names, options, new SkippedPictures()))
  }
  const results: Result[] = []
  const shards = { folder: shardFolder(key), key, count: Math.ceil(files.length / batchSize) }
  for await (const bytes of inShards(communicator, shards, work)) {
    results.push(...fromBytes<Result[]>(bytes))
  }
  for (const result of results) {
    if ('error' in result) skipped.add({ path: result.file, message: result.error })
  }
  return results
}

/** A list that is asked for one by one, so that results come as they are computed. */
export async function* inTurn<T>(list: readonly T[]): AsyncGenerator<T> {
  yield* list
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
