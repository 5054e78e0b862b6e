// alexnet evaluate: loss and accuracy of a model on a labelled data set.

import { type Dataset, openDataset, type Split } from '@alexnet/data'
import { alone, type Communicator } from '@alexnet/distributed'
import { answersTo, classAccuracies, type Evaluation, evaluate, evaluationOf } from '@alexnet/train'
import pc from 'picocolors'
import { type EngineOptions, startBackend } from '../backend.ts'
import { type LoadedModel, loadModel } from '../model-file.ts'
import { evaluationBatches, TEN, tenViewBatches } from '../preparation.ts'
import { type RankOptions, withRanks } from '../ranks.ts'
import { fingerprintOfModel, inShards, shardFolder } from '../shards.ts'
import { UsageError } from '../terminal/errors.ts'
import { bar, percent } from '../terminal/format.ts'
import { progress } from '../terminal/progress.ts'

export interface EvaluateOptions extends EngineOptions, RankOptions {
  weights?: string
  variant?: string
  split: Split
  /** One centre crop a picture, or the mean over ten crops. Default center. */
  views?: 'center' | 'ten'
  batchSize?: number
  json?: boolean
}

export async function evaluateCommand(path: string, options: EvaluateOptions): Promise<void> {
  await withRanks(options, async (communicator, own) => {
    await startBackend(own)
    const dataset = await openDataset(path, { split: own.split })
    const loaded = await loadModel(own.weights, { ...own, quiet: own.json ?? false })
    const metrics = await evaluateModel(loaded, dataset, own, communicator)
    if (communicator.rank > 0) return
    if (own.json) {
      const { mistakes: _, ...numbers } = metrics
      const classes = summarize(metrics, loaded.labels)
      process.stdout.write(`${JSON.stringify({ ...numbers, classes })}\n`)
    } else {
      process.stdout.write(`${formatEvaluation(metrics, loaded.labels)}\n`)
    }
  })
}

/**
 * Measures a loaded model; the data set's classes are matched to the model's by name.
 *
 * @param communicator ranks that share the pictures; rank 0 has the result
 */
export async function evaluateModel(
  { model, labels, preprocessing, path }: LoadedModel,
  dataset: Dataset,
  options: Pick<EvaluateOptions, 'batchSize' | 'views' | 'json'>,
  communicator: Communicator = alone(),
): Promise<Evaluation> {
  const { batchSize = 64, views: kind = 'center', json = false } = options
  const quiet = json || communicator.rank > 0
  const shown = progress('evaluating', dataset.length, { quiet })
  try {
    const matched = matchClasses(dataset, labels, path)
    const batchesOf = kind === 'ten' ? tenViewBatches : evaluationBatches
    const views = kind === 'ten' ? TEN : 1
    const onProgress = (done: number) => shown.update(done)
    const all = batchesOf(matched, preprocessing, batchSize)
    if (communicator.size === 1) return await evaluate(model, all, { views, onProgress })
    const key = {
      command: 'evaluate',
      data: await dataset.fingerprint(),
      model: await fingerprintOfModel(model),
      preprocessing,
      batchSize,
      views,
    }
    const folder = shardFolder('evaluate', key)
    const work = async (start: number) => {
      const range = { start, end: start + 1 }
      for await (const batch of batchesOf(matched, preprocessing, batchSize, range)) {
        return new Uint8Array((await answersTo(model, batch, views)).buffer)
      }
      return new Uint8Array(0)
    }
    const answers: Float64Array[] = []
    for await (const bytes of inShards(communicator, { folder, key, count: all.length }, work)) {
      answers.push(new Float64Array(bytes.slice().buffer))
    }
    return evaluationOf(answers, labels.length)
  } finally {
    shown.stop()
  }
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
            pictures: confusion[index]!.reduce((sum, count) => sum + count, 0),
            top1,
          },
        ],
  )
}

/** The means, a line a class with its accuracy, and what was most often taken for something else. */
function formatEvaluation(metrics: Evaluation, labels: readonly string[]): string {
  const { pictures, top1, top5, loss, confusion } = metrics
  const classes = summarize(metrics, labels).sort((a, b) => b.top1 - a.top1)
  const listed = classes.slice(-MOST_CLASSES)
  const width = Math.min(30, Math.max(...listed.map(({ label }) => label.length)))
  const worst = confusion
    .flatMap((row, own) => row.map((count, given) => ({ own, given, count })))
    .filter(({ own, given, count }) => own !== given && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, 3)
    .map(({ own, given, count }) => `${labels[own]} for ${labels[given]} (${count})`)
  return [
    `${pictures} pictures: top-1 ${percent(top1)}, top-5 ${percent(top5)}, loss ${loss.toFixed(4)}`,
    ...(listed.length < classes.length ? [`the ${MOST_CLASSES} worst of its classes:`] : []),
    ...listed.map(
      ({ label, pictures: count, top1: share }) =>
        `  ${label.padEnd(width)} ${pc.cyan(bar(share))} ${percent(share).padStart(6)} of ${count}`,
    ),
    ...(worst.length > 0 ? ['most often mistaken:', ...worst.map((line) => `  ${line}`)] : []),
  ].join('\n')
}

/**
 * The data set with its labels as the model numbers its classes, matched by name; a model whose labels
 * are only numbers takes the data set's order.
 *
 * @throws UsageError when a class of the data set is unknown to the model
 */
function matchClasses(dataset: Dataset, labels: readonly string[], weights: string): Dataset {
  const numbered = labels.every((label, index) => label === String(index))
  if (numbered && dataset.classes.length === labels.length) return dataset
  const unknown = dataset.classes.filter((name) => !labels.includes(name))
  if (unknown.length > 0) {
    throw new UsageError(
      `${dataset.name}: ${weights} does not know the ${unknown.length === 1 ? 'class' : 'classes'} ${unknown.slice(0, 5).join(', ')}${unknown.length > 5 ? ', …' : ''}; it knows ${labels.slice(0, 10).join(', ')}${labels.length > 10 ? ', …' : ''}`,
    )
  }
  const indices = dataset.classes.map((name) => labels.indexOf(name))
  return {
    name: dataset.name,
    classes: labels,
    length: dataset.length,
    label: (index) => indices[dataset.label(index)]!,
    load: (index) => dataset.load(index),
    path: (index) => dataset.path(index),
    fingerprint: () => dataset.fingerprint(),
  }
}
