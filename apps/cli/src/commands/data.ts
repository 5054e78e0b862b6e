// alexnet data: a sheet of augmented pictures, and what is in a data set.

import {
  type ChannelValues,
  type DatasetDescription,
  describeDataset,
  encodePng,
  fitColorPca,
  needsColorPca,
  PictureError,
  preset,
  presetNames,
  type Split,
  shuffledOrder,
} from '@alexnet/data'
import { contactSheet, type SheetCell } from '@alexnet/data/functional'
import { compose, Random, transformPicture } from '@alexnet/data/transforms'
import { replaceFile } from '@alexnet/weights/node'
import { openPictures } from '../pictures.ts'
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

export interface StatsOptions {
  split: Split
  limit?: number
  json?: boolean
}

export async function describeData(path: string, options: StatsOptions): Promise<void> {
  const { json: quiet = false, limit } = options
  const dataset = await openPictures(path, options.split)
  const bar = progress('reading', Math.min(limit ?? dataset.length, dataset.length), { quiet })
  let description: DatasetDescription
  try {
    description = await describeDataset(dataset, {
      limit,
      onProgress: (done) => bar.update(done),
    })
  } finally {
    bar.stop()
  }
  if (quiet) printJson(description, 2)
  else print(...formatDescription(description))
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
