// alexnet evaluate: loss and accuracy of a model on a labelled data set.

import { type Dataset, openDataset, type Split } from '@alexnet/data'
import { classAccuracies, type Evaluation, evaluate } from '@alexnet/train'
import { type EngineOptions, startBackend } from '../backend.ts'
import { type LoadedModel, loadModel } from '../model-file.ts'
import { evaluationBatches, TEN, tenViewBatches } from '../preparation.ts'
import { UsageError } from '../terminal/errors.ts'
import { bar, percent } from '../terminal/format.ts'
import { cyan, print, printJson, shown } from '../terminal/print.ts'
import { progress } from '../terminal/progress.ts'

export interface EvaluateOptions extends EngineOptions {
  weights?: string
  variant?: string
  split: Split
  /** One centre crop a picture, or the mean over ten crops. Default center. */
  views?: 'center' | 'ten'
  batchSize?: number
  json?: boolean
}

export async function evaluateCommand(path: string, options: EvaluateOptions): Promise<void> {
  await startBackend(options)
  const dataset = await openDataset(path, { split: options.split })
  const loaded = await loadModel(options.weights, { ...options, quiet: options.json ?? false })
  const metrics = await evaluateModel(loaded, dataset, options)
  if (options.json) {
    const { mistakes: _, ...numbers } = metrics
    const classes = summarize(metrics, loaded.labels)
    printJson({ ...numbers, classes })
  } else {
    print(...formatEvaluation(metrics, loaded.labels))
  }
}

/** Measures a loaded model; the data set's classes are matched to the model's by name. */
export async function evaluateModel(
  { model, labels, preprocessing, path }: LoadedModel,
  dataset: Dataset,
  {
    batchSize = 64,
    views = 'center',
    json = false,
  }: Pick<EvaluateOptions, 'batchSize' | 'views' | 'json'>,
): Promise<Evaluation> {
  const shown = progress('evaluating', dataset.length, { quiet: json })
  try {
    const matched = matchClasses(dataset, labels, path)
    const batchesOf = views === 'ten' ? tenViewBatches : evaluationBatches
    return await evaluate(model, batchesOf(matched, preprocessing, batchSize), {
      views: views === 'ten' ? TEN : 1,
      onProgress: (done) => shown.update(done),
    })
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
function formatEvaluation(metrics: Evaluation, labels: readonly string[]): string[] {
  const { pictures, top1, top5, loss, confusion } = metrics
  const classes = summarize(metrics, labels).sort((a, b) => b.top1 - a.top1)
  const listed = classes.slice(-MOST_CLASSES)
  const width = Math.min(30, Math.max(...listed.map(({ label }) => shown(label).length)))
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
        `  ${shown(label).padEnd(width)} ${cyan(bar(share))} ${percent(share).padStart(6)} of ${count}`,
    ),
    ...(worst.length > 0 ? ['most often mistaken:', ...worst.map((line) => `  ${line}`)] : []),
  ]
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
