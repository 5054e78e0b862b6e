// alexnet data: a sheet of augmented pictures, and what is in a data set.

import {
  type ChannelValues,
  type Dataset,
  type DatasetDescription,
  describeDataset,
  describeSummaries,
  encodePng,
  fitColorPca,
  needsColorPca,
  PictureError,
  type PictureSummary,
  preset,
  presetNames,
  type Split,
  shuffledOrder,
  summarizePicture,
} from '@alexnet/data'
import { contactSheet, type SheetCell } from '@alexnet/data/functional'
import { compose, Random, transformPicture } from '@alexnet/data/transforms'
import type { Communicator } from '@alexnet/distributed'
import { replaceFile } from '@alexnet/weights/node'
import { openPictures } from '../pictures.ts'
import { type RankOptions, withRanks } from '../ranks.ts'
import { fromBytes, inShards, shardFolder, toBytes } from '../shards.ts'
import { UsageError } from '../terminal/errors.ts'
import { print, printJson, shown, tell } from '../terminal/print.ts'
import { progress } from '../terminal/progress.ts'

export interface PreviewOptions {
  preset: string
  crop?: number
  pictures: number
  times: number
  seed: number
  split: Split
  out: string
}

/** Pictures that are read for the axes of their colours: enough for the eye. */
const MOST_MEASURED = 1000

export async function previewData(path: string, options: PreviewOptions): Promise<void> {
  const { crop, seed, times, out } = options
  if (!(presetNames as readonly string[]).includes(options.preset)) {
    throw new UsageError(
      `there is no preset '${options.preset}': choose one of ${presetNames.join(', ')}`,
    )
  }
  const dataset = await openPictures(path, options.split)
  const colorPca = needsColorPca(options.preset)
    ? await fitColorPca(dataset, { limit: MOST_MEASURED, onBroken: 'skip' })
    : undefined
  const { transforms } = preset(options.preset, { crop, colorPca })
  const transform = compose(transforms)
  const rows: SheetCell[][] = []
  for (const index of shuffledOrder(dataset.length, seed, 0)) {
    if (rows.length === options.pictures) break
    const caption = dataset.classes[dataset.label(index)]!
    try {
      const picture = await dataset.load(index)
      const augmented = Array.from({ length: times }, (_, epoch) => ({
        picture: transformPicture(transform, picture, new Random(seed, epoch, index)),
      }))
      rows.push([{ picture, caption }, ...augmented])
    } catch (error) {
      if (!(error instanceof PictureError)) throw error
      tell(`alexnet: skipped: ${error.message}`)
    }
  }
  if (rows.length === 0) throw new Error(`${path}: has no picture that can be used`)
  const sheet = contactSheet(rows)
  await replaceFile(out, [await encodePng(sheet)])
  print(
    `${out}: ${rows.length} pictures of ${dataset.name}, ${times} times each by ${options.preset}`,
  )
}

export interface StatsOptions extends RankOptions {
  split: Split
  limit?: number
  json?: boolean
}

export async function describeData(path: string, options: StatsOptions): Promise<void> {
  await withRanks(options, (communicator, own) => printDescription(path, own, communicator))
}

async function printDescription(
  path: string,
  options: StatsOptions,
  communicator: Communicator,
): Promise<void> {
  const { json: quiet = false, limit } = options
  const dataset = await openPictures(path, options.split)
  const total = Math.min(limit ?? dataset.length, dataset.length)
  const bar = progress('reading', total, { quiet })
  const onProgress = (done: number) => bar.update(done)
  let description: DatasetDescription | undefined
  try {
    description = await (communicator.size === 1
      ? describeDataset(dataset, { limit, onProgress })
      : describeShards(communicator, dataset, total, onProgress))
  } finally {
    bar.stop()
  }
  if (!description) return
  if (quiet) printJson(description, 2)
  else print(...formatDescription(description))
}

/** Pictures that a rank reads between two entries in its file. */
const BATCH = 64

/** The description from the ranks of a job, each of which reads some of the batches; on rank 0 alone. */
async function describeShards(
  communicator: Communicator,
  dataset: Dataset,
  total: number,
  onProgress: (done: number) => void,
): Promise<DatasetDescription | undefined> {
  const key = { command: 'stats', data: await dataset.fingerprint(), total }
  const work = async (batch: number) => {
    // Evenly spread over the data set, as one process would read them.
    const indices = Array.from({ length: Math.min(BATCH, total - batch * BATCH) }, (_, at) =>
      Math.floor(((batch * BATCH + at) * dataset.length) / total),
    )
    return toBytes(await Promise.all(indices.map((index) => summarizePicture(dataset, index))))
  }
  const summaries: PictureSummary[] = []
  const shards = { folder: shardFolder(key), key, count: Math.ceil(total / BATCH) }
  for await (const bytes of inShards(communicator, shards, work)) {
    summaries.push(...fromBytes<PictureSummary[]>(bytes))
    onProgress(summaries.length)
  }
  return communicator.rank === 0 ? describeSummaries(dataset, summaries) : undefined
}

const MOST_CLASSES = 20
const MOST_LINES = 10

function formatDescription(description: DatasetDescription): string[] {
  const { name, split, pictures, read, broken, width, height, duplicates } = description
  const { counts, smallest, largest, evenness } = description.classes
  const values = (list: ChannelValues) => list.map((value) => value.toFixed(4)).join(' ')
  const longest = Math.max(...counts.map((one) => shown(one.name).length))
  const listed = counts.slice(0, MOST_CLASSES)
  const { eigenvectors, deviations } = description.colorPca
  return [
    `${name}${split ? `, ${split}` : ''}: ${pictures} pictures in ${counts.length} classes`,
    '',
    ...listed.map((one) => {
      const bar = '█'.repeat(Math.round((one.count / Math.max(1, largest)) * 30))
      return `  ${shown(one.name).padEnd(Math.min(longest, 34))} ${String(one.count).padStart(7)} ${bar}`
    }),
    ...(counts.length > listed.length
      ? [`  … ${counts.length - listed.length} more (--json has all)`]
      : []),
    '',
    `balance   ${smallest} to ${largest} pictures a class; evenness ${evenness.toFixed(3)} of 1`,
    `read      ${read} pictures${broken.length > 0 ? `, ${broken.length} of them cannot be used` : ''}`,
    `width     ${width.least} to ${width.greatest}, median ${width.median}`,
    `height    ${height.least} to ${height.greatest}, median ${height.median}`,
    `mean      ${values(description.mean)}   (red green blue, of 0 to 1)`,
    `deviation ${values(description.std)}`,
    'color axes (deviation: red green blue)',
    ...eigenvectors.map((axis, at) => `  ${deviations[at]!.toFixed(4)}: ${values(axis)}`),
    ...list(
      'cannot be used',
      broken.map(({ problem }) => problem),
    ),
    ...list(
      duplicates.length >= 1000 ? 'look the same (the first 1000 pairs)' : 'look the same',
      duplicates.map(
        ({ first, second, sameClass }) =>
          `${first} = ${second}${sameClass ? '' : ' (another class)'}`,
      ),
    ),
  ]
}

function list(title: string, lines: string[]): string[] {
  if (lines.length === 0) return []
  const more = lines.length - MOST_LINES
  return [
    `${title}: ${lines.length}`,
    ...lines.slice(0, MOST_LINES).map((line) => `  ${line}`),
    ...(more > 0 ? [`  … ${more} more (--json has all)`] : []),
  ]
}
