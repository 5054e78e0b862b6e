// alexnet data: a sheet of augmented pictures, and what is in a data set.

import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import {
  type ChannelValues,
  compose,
  contactSheet,
  type Dataset,
  type DatasetDescription,
  describeDataset,
  describeSummaries,
  encodePng,
  openDataset,
  PictureError,
  type PictureSummary,
  preset,
  presetNames,
  Random,
  type SheetCell,
  type Split,
  shuffledOrder,
  summarizePicture,
  transformPicture,
} from '@alexnet/data'
import type { Communicator } from '@alexnet/distributed'
import { type RankOptions, withRanks } from '../ranks.ts'
import { fromBytes, inShards, shardFolder, toBytes } from '../shards.ts'
import { UsageError } from '../terminal/errors.ts'
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

export async function previewData(path: string, options: PreviewOptions): Promise<void> {
  const { crop, seed, times, out } = options
  if (!(presetNames as readonly string[]).includes(options.preset)) {
    throw new UsageError(
      `there is no preset '${options.preset}': choose one of ${presetNames.join(', ')}`,
    )
  }
  const { transforms } = preset(options.preset, crop === undefined ? {} : { crop })
  const dataset = await openDataset(path, { split: options.split })
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
      process.stderr.write(`alexnet: skipped: ${error.message}\n`)
    }
  }
  if (rows.length === 0) throw new Error(`${path}: has no picture that can be used`)
  const sheet = contactSheet(rows)
  await mkdir(dirname(out), { recursive: true })
  const temporary = `${out}.part-${process.pid}`
  await writeFile(temporary, await encodePng(sheet))
  await rename(temporary, out)
  process.stdout.write(
    `${out}: ${rows.length} pictures of ${dataset.name}, ${times} times each by ${options.preset}\n`,
  )
}

export interface StatsOptions extends RankOptions {
  split: Split
  limit?: number
  json?: boolean
}

export async function describeData(path: string, options: StatsOptions): Promise<void> {
  await withRanks(options, async (communicator, { split, limit, json = false }) => {
    const isFirst = communicator.rank === 0
    const dataset = await openDataset(path, { split })
    const total = Math.min(limit ?? dataset.length, dataset.length)
    const bar = progress('reading', total, { quiet: json || !isFirst })
    const onProgress = (done: number) => bar.update(done)
    let description: DatasetDescription
    try {
      description = await (communicator.size === 1
        ? describeDataset(dataset, { ...(limit !== undefined && { limit }), onProgress })
        : describeShards(communicator, dataset, total, onProgress))
    } finally {
      bar.stop()
    }
    if (!isFirst) return
    if (json) process.stdout.write(`${JSON.stringify(description, null, 2)}\n`)
    else process.stdout.write(`${formatDescription(description)}\n`)
  })
}

/** Pictures that a rank reads between two entries in its file. */
const BATCH = 64

/** The description from the ranks of a job, each of which reads some of the batches; whole on rank 0. */
async function describeShards(
  communicator: Communicator,
  dataset: Dataset,
  total: number,
  onProgress: (done: number) => void,
): Promise<DatasetDescription> {
  const key = { command: 'stats', data: await dataset.fingerprint(), total }
  const folder = shardFolder('stats', key)
  const work = async (batch: number) => {
    const end = Math.min(total, (batch + 1) * BATCH)
    // Evenly spread over the data set, as one process would read them.
    const indices = Array.from({ length: end - batch * BATCH }, (_, at) =>
      Math.floor(((batch * BATCH + at) * dataset.length) / total),
    )
    return toBytes(await Promise.all(indices.map((index) => summarizePicture(dataset, index))))
  }
  const summaries: PictureSummary[] = []
  const count = Math.ceil(total / BATCH)
  for await (const bytes of inShards(communicator, { folder, key, count }, work)) {
    summaries.push(...fromBytes<PictureSummary[]>(bytes))
    onProgress(summaries.length)
  }
  return communicator.rank === 0
    ? describeSummaries(dataset, summaries)
    : describeSummaries(dataset, [])
}

const mostClasses = 20
const mostLines = 10

function formatDescription(description: DatasetDescription): string {
  const { name, split, pictures, read, broken, width, height, duplicates } = description
  const { counts, smallest, largest, evenness } = description.classes
  const values = (list: ChannelValues) => list.map((value) => value.toFixed(4)).join(' ')
  const longest = Math.max(...counts.map((one) => one.name.length))
  const shown = counts.slice(0, mostClasses)
  const { eigenvectors, deviations } = description.colorPca
  return [
    `${name}${split ? `, ${split}` : ''}: ${pictures} pictures in ${counts.length} classes`,
    '',
    ...shown.map((one) => {
      const bar = '█'.repeat(Math.round((one.count / Math.max(1, largest)) * 30))
      return `  ${one.name.padEnd(Math.min(longest, 34))} ${String(one.count).padStart(7)} ${bar}`
    }),
    ...(counts.length > shown.length
      ? [`  … ${counts.length - shown.length} more (--json has all)`]
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
  ].join('\n')
}

function list(title: string, lines: string[]): string[] {
  if (lines.length === 0) return []
  const more = lines.length - mostLines
  return [
    `${title}: ${lines.length}`,
    ...lines.slice(0, mostLines).map((line) => `  ${line}`),
    ...(more > 0 ? [`  … ${more} more (--json has all)`] : []),
  ]
}
