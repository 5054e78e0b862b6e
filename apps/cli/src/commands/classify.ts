// alexnet classify: the likeliest classes of pictures.

import type { Model, Prediction } from '@alexnet/model'
import pc from 'picocolors'
import { type EngineOptions, startBackend } from '../backend.ts'
import { loadModel } from '../model.ts'
import { bar, percent } from '../terminal/format.ts'
import { progress } from '../terminal/progress.ts'

export interface ClassifyOptions extends EngineOptions {
  weights?: string
  variant?: string
  /** Fully connected layers compute with the file's int8 weights. */
  keepInt8?: boolean
  /** One centre crop a picture, or the mean over ten crops. Default center. */
  views?: 'center' | 'ten'
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
  const model = await loadModel(options.weights, { ...options, quiet: options.json })
  const results = await classifyFiles(model, files, options)
  model.dispose()
  if (options.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)
  else for (const result of results) process.stdout.write(`${formatResult(result)}\n`)
}

/** Classifies files in their order. @throws PictureError on the first broken one */
async function classifyFiles(
  model: Model,
  files: readonly string[],
  { top: topK, views, batchSize = 32, json = false }: ClassifyOptions,
): Promise<Classified[]> {
  const results: Classified[] = []
  const shown = progress('classifying', files.length, { quiet: json || files.length <= batchSize })
  try {
    for await (const top of model.classify(inTurn(files), { topK, views, batchSize })) {
      results.push({ file: files[results.length]!, top })
      shown.update(results.length)
    }
  } finally {
    shown.stop()
  }
  return results
}

/** A list that is asked for one by one, so that results come as they are computed. */
export async function* inTurn<T>(list: readonly T[]): AsyncGenerator<T> {
  yield* list
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
