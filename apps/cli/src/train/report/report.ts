// report.html in a run's folder: curves, classes and mistakes of the best model, its first filters.

import { colorsOf, filterMap, filtersOf, sheet } from '@alexnet/core/explain'
import { type Dataset, encodePng, type Picture } from '@alexnet/data'
import { Random, resize, transformPicture } from '@alexnet/data/transforms'
import { evaluationBatches } from '@alexnet/model'
import { type EpochRecord, type Evaluation, evaluate } from '@alexnet/train'
import { replaceFile } from '@alexnet/weights/node'
import { loadModel } from '../../model.ts'
import { progress } from '../../terminal/progress.ts'
import type { RunFolder } from '../run-folder.ts'
import type { RunSettings } from '../run-settings.ts'
import { readLog } from '../training-log.ts'
import { type ReportData, reportPage } from './page.ts'

/** Mistakes that are shown, and the pixels of their shorter side. */
const MISTAKES = { count: 24, size: 112 }

/** Writes the report of a run, from its epochs, its log and its best model. */
export async function writeReport(
  folder: RunFolder,
  settings: RunSettings,
  epochs: readonly EpochRecord[],
  validation: Dataset | undefined,
  { quiet = false } = {},
): Promise<void> {
  const lines = await readLog(folder)
  const model = await loadModel(folder.modelPath)
  const shown = progress('report', validation?.length ?? 1, { quiet: quiet || !validation })
  try {
    const evaluation =
      validation &&
      (await evaluate(
        model.network,
        evaluationBatches(validation, model.preprocessing, {
          batchSize: 64,
          onBroken: settings.onBroken,
        }),
        {
          mistakes: MISTAKES.count,
          onProgress: (done) => shown.update(done),
        },
      ))
    const page = reportPage({
      settings,
      epochs,
      steps: lines.filter(({ type }) => type === 'step'),
      evaluation,
      mistakes:
        validation && evaluation ? await pictures(validation, evaluation, model.labels) : [],
      filters: await dataUri(await firstFilters(model.network)),
    })
    await replaceFile(folder.reportPath, [new TextEncoder().encode(page)])
  } finally {
    shown.stop()
    model.dispose()
  }
}

function pictures(dataset: Dataset, { mistakes }: Evaluation, labels: readonly string[]) {
  return Promise.all(
    mistakes.map(async ({ index, label, predicted, probability }) => ({
      picture: await dataUri(smaller(await dataset.load(index))),
      label: labels[label]!,
      predicted: labels[predicted]!,
      probability,
    })),
  ) satisfies Promise<ReportData['mistakes']>
}

/** Large pictures are shrunk: a page with photos as they are would be many megabytes. */
const smaller = (picture: Picture): Picture =>
  Math.min(picture.width, picture.height) > MISTAKES.size
    ? transformPicture(resize(MISTAKES.size), picture, new Random(0))
    : picture

async function firstFilters(model: Parameters<typeof filtersOf>[0]): Promise<Picture> {
  const filters = await filtersOf(model)
  const maps = Array.from({ length: filters.count }, (_, index) => filterMap(filters, index))
  const columns = Math.ceil(Math.sqrt(filters.count * 2))
  return sheet(
    maps.map((map) => colorsOf(map)),
    { columns, scale: 2, gap: 1 },
  )
}

const dataUri = async (picture: Picture) =>
  `data:image/png;base64,${Buffer.from(await encodePng(picture)).toString('base64')}`
