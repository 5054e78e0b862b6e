// alexnet evaluate: loss and accuracy of a model on a labelled data set.

import { type Dataset, loader, openDataset, type Split, torchvisionEval } from '@alexnet/data'
import { evaluate } from '@alexnet/train'
import { type EngineOptions, startBackend } from '../backend.ts'
import { UsageError } from '../errors.ts'
import { percent } from '../format.ts'
import { type LoadedModel, loadModel } from '../model-file.ts'
import { progress } from '../progress.ts'

export interface EvaluateOptions extends EngineOptions {
  weights: string
  variant?: string
  split: Split
  batchSize?: number
  json?: boolean
}

export async function evaluateCommand(path: string, options: EvaluateOptions): Promise<void> {
  await startBackend(options)
  const dataset = await openDataset(path, { split: options.split })
  const loaded = await loadModel(options.weights, options)
  const metrics = await evaluateModel(loaded, dataset, options)
  if (options.json) {
    process.stdout.write(`${JSON.stringify(metrics)}\n`)
  } else {
    const { pictures, top1, top5, loss } = metrics
    process.stdout.write(
      `${pictures} pictures: top-1 ${percent(top1)}, top-5 ${percent(top5)}, loss ${loss.toFixed(4)}\n`,
    )
  }
}

/** Measures a loaded model; the data set's classes are matched to the model's by name. */
export async function evaluateModel(
  { model, labels, preprocessing, path }: LoadedModel,
  dataset: Dataset,
  { batchSize = 64, json = false }: Pick<EvaluateOptions, 'batchSize' | 'json'>,
) {
  const shown = progress('evaluating', dataset.length, { quiet: json })
  try {
    const batches = loader({
      dataset: matchClasses(dataset, labels, path),
      ...torchvisionEval(preprocessing),
      batchSize,
      shuffle: false,
    })
    const { pictures, top1, top5, loss } = await evaluate(model, batches, {
      onProgress: (done) => shown.update(done),
    })
    return { pictures, top1, top5, loss }
  } finally {
    shown.stop()
  }
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
