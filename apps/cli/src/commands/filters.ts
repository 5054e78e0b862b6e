// alexnet filters: the filters of a convolution as one picture.

import {
  channelOf,
  colorize,
  colorsOf,
  type Drawing,
  filterMap,
  filtersOf,
  sheet,
} from '@alexnet/core/explain'
import { encodePng } from '@alexnet/data'
import { replaceFile } from '@alexnet/weights/node'
import { startBackend } from '../backend.ts'
import { loadModel } from '../model.ts'
import { requireOther } from '../output.ts'
import { print, printJson } from '../terminal/print.ts'
import { requirePng } from './explain.ts'

export interface FiltersOptions {
  weights?: string
  variant?: string
  layer?: string
  out: string
  limit: number
  json?: boolean
}

/** Pixels that the sheet's filters together should come to, at most, along a row. */
const SHEET_WIDTH = 900
/** Channels of a later filter that are drawn. */
const MOST_CHANNELS = 32

export async function filters(options: FiltersOptions): Promise<void> {
  const { out, limit, json = false } = options
  requirePng(out)
  await requireOther(out, [options.weights])
  await startBackend({ threads: 1 })
  const model = await loadModel(options.weights, { ...options, quiet: json })
  const all = await filtersOf(model.network, options.layer)
  const layer =
    options.layer ??
    model.network.layers.find(({ weights }) => weights.length > 0)?.name ??
    'the first'
  const count = Math.min(limit, all.count)
  const maps = Array.from({ length: count }, (_, index) => filterMap(all, index))
  const isColours = all.channels === 3
  const pictures: Drawing[] = isColours
    ? maps.map((map) => colorsOf(map))
    : maps.flatMap((map) => {
        const largest = map.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
        return Array.from({ length: Math.min(all.channels, MOST_CHANNELS) }, (_, channel) =>
          colorize(channelOf(map, channel), { colors: 'red-blue', limits: [-largest, largest] }),
        )
      })
  const columns = isColours
    ? Math.ceil(Math.sqrt(count * 1.5))
    : Math.min(all.channels, MOST_CHANNELS)
  const scale = Math.max(2, Math.floor(SHEET_WIDTH / columns / all.width))
  const picture = sheet(pictures, { columns, scale, gap: isColours ? 3 : 1 })
  await replaceFile(out, [await encodePng(picture)])
  model.dispose()
  const { height, width, channels } = all
  if (json) {
    printJson({ layer, count, height, width, channels, out })
  } else {
    print(`${out}: ${count} filters of ${layer}, ${height}×${width} pixels of ${channels} channels`)
  }
}
