// alexnet evaluate: loss and accuracy of a model on a labelled data set.

import type { Dataset, Split } from '@alexnet/data'
import type { Communicator } from '@alexnet/distributed'
import { evaluationBatches, type Model, TEN, tenViewBatches } from '@alexnet/model'
import { answersTo, classAccuracies, type Evaluation, evaluate, evaluationOf } from '@alexnet/train'
import { type EngineOptions, startBackend } from '../backend.ts'
import { loadModel } from '../model.ts'
import { type OnBroken, openPictures, SkippedPictures, withClasses } from '../pictures.ts'
import { type RankOptions, withRanks } from '../ranks.ts'
import { fingerprintOfModel, fromBytes, inShards, shardFolder, toBytes } from '../shards.ts'
import { bar, percent } from '../terminal/format.ts'
import { cyan, print, printJson, shown } from '../terminal/print.ts'
import { progress } from '../terminal/progress.ts'

export interface EvaluateOptions extends EngineOptions, RankOptions {
  weights?: string
  variant?: string
  split: Split
  /** One centre crop a picture, or the mean over ten crops. Default center. */
  views?: 'center' | 'ten'
  batchSize?: number
  onBroken?: OnBroken
  json?: boolean
}

export async function evaluateCommand(path: string, options: EvaluateOptions): Promise<void> {
  await withRanks(options, (communicator, own) => printEvaluation(path, own, communicator))
}

async function printEvaluation(
  path: string,
  options: EvaluateOptions,
  communicator: Communicator,
): Promise<void> {
  await startBackend(options)
  const dataset = await openPictures(path, options.split)
  const loaded = await loadModel(options.weights, { ...options, quiet: options.json })
  const skipped = new SkippedPictures()
  const metrics = await (communicator.size === 1
    ? evaluateModel(loaded, dataset, options, skipped)
    : evaluateShards(communicator, loaded, dataset, options, skipped))
  if (!metrics) return
  skipped.report()
  if (options.json) {
    const { mistakes: _, ...numbers } = metrics
    const classes = summarize(metrics, loaded.labels)
    printJson({ ...numbers, classes, skipped: skipped.list })
  } else {
    print(...formatEvaluation(metrics, loaded.labels))
  }
}

/** Measures a loaded model; the data set's classes are matched to the model's by name. */
export async function evaluateModel(
  { network, labels, preprocessing, origin }: Model,
  dataset: Dataset,
  {
    batchSize = 64,
    views = 'center',
    json = false,
    onBroken = 'stop',
  }: Pick<EvaluateOptions, 'batchSize' | 'views' | 'json' | 'onBroken'>,
  skipped = new SkippedPictures(),
): Promise<Evaluation> {
  const shown = progress('evaluating', dataset.length, { quiet: json })
  try {
    const matched = withClasses(dataset, labels, origin.path)
    const batchesOf = views === 'ten' ? tenViewBatches : evaluationBatches
    const batches = batchesOf(matched, preprocessing, { batchSize, onBroken })
    const metrics = await evaluate(network, skipped.watch(batches), {
      views: views === 'ten' ? TEN : 1,
      onProgress: (done) => shown.update(done),
    })
    if (metrics.pictures > 0) return metrics
    throw new Error(`${dataset.name}: none of its ${dataset.length} pictures can be used`)
  } finally {
    shown.stop()
  }
}

/** The same from the ranks of a job, each of which does some of the batches; on rank 0 alone. */
async function evaluateShards(
  communicator: Communicator,
  model: Model,
  dataset: Dataset,
  { batchSize = 64, views = 'center', onBroken = 'stop' }: EvaluateOptions,
  skipped: SkippedPictures,
): Promise<Evaluation | undefined> {
  const { network, labels, preprocessing, origin } = model
  const matched = withClasses(dataset, labels, origin.path)
  const [batchesOf, count] = views === 'ten' ? [tenViewBatches, TEN] : [evaluationBatches, 1]
  const options = { batchSize, onBroken }
  const key = {
    command: 'evaluate',
    data: await dataset.fingerprint(),
    model: await fingerprintOfModel(model),
    views,
    batchSize,
    onBroken,
  }
  interface Part {
    answers: number[]
    skipped: { path?: string; message: string }[]
  }
  const work = async (batch: number) => {
    const batches = batchesOf(matched, preprocessing, { ...options, start: batch, end: batch + 1 })
    const part: Part = { answers: [], skipped: [] }
    for await (const one of batches) part.answers.push(...(await answersTo(network, one, count)))
    part.skipped = batches.skipped.map(({ error: { path, message } }) => ({ path, message }))
    return toBytes(part)
  }
  const { length } = batchesOf(matched, preprocessing, options)
  const answers: Float64Array[] = []
  const shards = { folder: shardFolder(key), key, count: length }
  for await (const bytes of inShards(communicator, shards, work)) {
    const part = fromBytes<Part>(bytes)
    answers.push(Float64Array.from(part.answers))
    for (const error of part.skipped) skipped.add(error)
  }
  if (communicator.rank > 0) return undefined
  const metrics = evaluationOf(answers, labels.length)
  if (metrics.pictures > 0) return metrics
  throw new Error(`${dataset.name}: none of its ${dataset.length} pictures can be used`)
}

/** More classes than this and only the worst are listed. */
const MOST_CLASSES = 20

interface ClassSummary {
  label: string
  pictures: number
  top1: number
}

/** The classes that there are pictures of, in the order of the labels. */
function summarize({ confusion }: Evaluation, labels: readonly string[]): ClassSummary[] {
  return classAccuracies(confusion).flatMap((top1, index) =>
    top1 === null
      ? []
      : [
          {
            label: labels[index]!,
            pictures: confusion.pictures(index),
            top1,
          },
        ],
  )
}

/** The means, a line a class with its accuracy, and what was most often taken for something else. */
function formatEvaluation(metrics: Evaluation, labels: readonly string[]): string[] {
  const { pictures, top1, top5, loss, confusion, calibrationError } = metrics
  const classes = summarize(metrics, labels).sort((a, b) => b.top1 - a.top1)
  const listed = classes.slice(-MOST_CLASSES)
  const width = Math.min(30, Math.max(...listed.map(({ label }) => shown(label).length)))
  const worst = confusion
    .cells()
    .filter(([own, given]) => own !== given)
    .sort(([, , a], [, , b]) => b - a)
    .slice(0, 3)
    .map(([own, given, count]) => `${labels[own]} for ${labels[given]} (${count})`)
  return [
    `${pictures} pictures: top-1 ${percent(top1)}, top-5 ${percent(top5)}, loss ${loss.toFixed(4)}, calibration error ${percent(calibrationError)}`,
    ...(listed.length < classes.length ? [`the ${MOST_CLASSES} worst of its classes:`] : []),
    ...listed.map(
      ({ label, pictures: count, top1: share }) =>
        `  ${shown(label).padEnd(width)} ${cyan(bar(share))} ${percent(share).padStart(6)} of ${count}`,
    ),
    ...(worst.length > 0 ? ['most often mistaken:', ...worst.map((line) => `  ${line}`)] : []),
  ]
}
