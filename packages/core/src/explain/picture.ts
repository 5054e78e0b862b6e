// Maps as pictures of 8-bit RGB: colours by number, filters as they see colours, a heat map over a picture,
// many small pictures on one sheet. Files and screens are the caller's.
import { rgb } from 'd3-color'
import {
  interpolateGreys,
  interpolateInferno,
  interpolateRdBu,
  interpolateViridis,
} from 'd3-scale-chromatic'
import { OptionError } from '../errors.ts'
import { type ChannelMap, type HeatMap, range } from './maps.ts'

/** A picture's pixels. */
export interface Picture {
  /** Pixels in a row. */
  readonly width: number
  /** Rows. */
  readonly height: number
  /** Red, green and blue of each pixel, row after row: width · height · 3 bytes. */
  readonly data: Uint8Array
}

/** Names of the colour maps. */
export type ColorMap = 'inferno' | 'viridis' | 'grey' | 'red-blue'

/** Inferno and viridis are perceptually even; red-blue is for numbers of both signs, white being 0. */
const scales: Record<ColorMap, (share: number) => string> = {
  inferno: interpolateInferno,
  viridis: interpolateViridis,
  grey: (share: number) => interpolateGreys(1 - share),
  'red-blue': (share: number) => interpolateRdBu(1 - share),
}

export const colorMaps = Object.keys(scales) as ColorMap[]

const tables = new Map<ColorMap, Uint8Array>()

/** 256 colours of a map, three bytes each, from the lowest number to the highest. */
export function colorTable(name: ColorMap): Uint8Array {
  let table = tables.get(name)
  if (table) return table
  table = new Uint8Array(256 * 3)
  for (let i = 0; i < 256; i++) {
    const { r, g, b } = rgb(scales[name](i / 255))
    table.set([r, g, b], i * 3)
  }
  tables.set(name, table)
  return table
}

export interface ColorOptions {
  /** Default inferno. */
  colors?: ColorMap
  /** Numbers shown as the first and the last colour. Default: the map's own; for red-blue, ± its largest. */
  limits?: readonly [lowest: number, highest: number]
}

/** A map in colours, a pixel a place. */
export function colorize(map: HeatMap, { colors = 'inferno', limits }: ColorOptions = {}): Picture {
  const { height, width, data } = map
  const [lowest, highest] = limits ?? defaultLimits(data, colors)
  const scale = highest > lowest ? 255 / (highest - lowest) : 0
  const table = colorTable(colors)
  const pixels = new Uint8Array(height * width * 3)
  for (let i = 0; i < data.length; i++) {
    const index = Math.max(0, Math.min(255, Math.round((data[i]! - lowest) * scale)))
    pixels.set(table.subarray(index * 3, index * 3 + 3), i * 3)
  }
  return { width, height, data: pixels }
}

function defaultLimits(data: Float32Array, colors: ColorMap): readonly [number, number] {
  const [lowest, highest] = range(data)
  if (colors !== 'red-blue') return [lowest, highest]
  const largest = Math.max(Math.abs(lowest), Math.abs(highest))
  return [-largest, largest]
}

/**
 * Three channels as red, green and blue, 0 in the middle grey and the largest absolute value at the end of
 * the scale: for filters of the first layer, gradients, and pictures made by climbing.
 *
 * @throws OptionError where there are not three channels
 */
export function colorsOf({ height, width, channels, data }: ChannelMap, largest?: number): Picture {
  if (channels !== 3) {
    throw new OptionError(`only three channels are colours, these are ${channels}`)
  }
  const [lowest, highest] = range(data)
  const scale = 127.5 / (largest ?? (Math.max(Math.abs(lowest), Math.abs(highest)) || 1))
  return { width, height, data: toBytes(data, (value) => 127.5 + value * scale) }
}

/**
 * The picture that a prepared one shows, mean and deviation of the preparation undone.
 *
 * @param mean one number a channel, of values from 0 to 1, or one for each value of the picture
 * @param std one number a channel
 */
export function unprepared(
  { height, width, data }: Pick<ChannelMap, 'height' | 'width' | 'data'>,
  { mean, std }: { mean: ArrayLike<number>; std: readonly number[] },
): Picture {
  const bytes = toBytes(data, (value, i) => (value * std[i % 3]! + mean[i % mean.length]!) * 255)
  return { width, height, data: bytes }
}

/**
 * A heat map over a picture of the same size: where it is hot the colour covers, where it is cold the
 * picture shows.
 *
 * @param opacity of the hottest places, 0 to 1. Default 0.75
 */
export function overlay(
  picture: Picture,
  map: HeatMap,
  { opacity = 0.75, ...options }: ColorOptions & { opacity?: number } = {},
): Picture {
  if (map.width !== picture.width || map.height !== picture.height) {
    throw new OptionError(
      `the map of ${map.width}×${map.height} does not cover the picture of ${picture.width}×${picture.height}: resize it first`,
    )
  }
  const colours = colorize(map, options)
  const [lowest, highest] = options.limits ?? defaultLimits(map.data, options.colors ?? 'inferno')
  const middle = options.colors === 'red-blue' ? 0 : lowest
  const reach = Math.max(highest - middle, 0) || 1
  const data = new Uint8Array(picture.data.length)
  for (let i = 0; i < data.length; i++) {
    const heat = Math.min(1, Math.abs(map.data[Math.floor(i / 3)]! - middle) / reach)
    // The root lets faint places show as well.
    const share = opacity * Math.sqrt(heat)
    data[i] = Math.round(picture.data[i]! * (1 - share) + colours.data[i]! * share)
  }
  return { width: picture.width, height: picture.height, data }
}

export interface SheetOptions {
  /** Pictures in a row. Default: about as many as rows. */
  columns?: number
  /** Pixels between them. Default 1. */
  gap?: number
  /** Every pixel becomes a square of this many a side. Default 1. */
  scale?: number
  /** Grey level of the gaps, 0 to 255. Default 255. */
  background?: number
}

/** Pictures of one size on a sheet, row after row. @throws OptionError where there are none or sizes differ */
export function sheet(pictures: readonly Picture[], options: SheetOptions = {}): Picture {
  const [first] = pictures
  if (!first) throw new OptionError('a sheet needs at least one picture')
  const { gap = 1, scale = 1, background = 255 } = options
  const columns = Math.min(
    options.columns ?? Math.ceil(Math.sqrt(pictures.length)),
    pictures.length,
  )
  const rows = Math.ceil(pictures.length / columns)
  const [tileWidth, tileHeight] = [first.width * scale, first.height * scale]
  const width = columns * (tileWidth + gap) + gap
  const height = rows * (tileHeight + gap) + gap
  const data = new Uint8Array(width * height * 3).fill(background)
  for (const [index, picture] of pictures.entries()) {
    if (picture.width !== first.width || picture.height !== first.height) {
      throw new OptionError(
        `picture ${index} is ${picture.width}×${picture.height}, the first ${first.width}×${first.height}: a sheet takes one size`,
      )
    }
    const left = gap + (index % columns) * (tileWidth + gap)
    const top = gap + Math.floor(index / columns) * (tileHeight + gap)
    for (let y = 0; y < tileHeight; y++) {
      for (let x = 0; x < tileWidth; x++) {
        const from = (Math.floor(y / scale) * first.width + Math.floor(x / scale)) * 3
        data.set(picture.data.subarray(from, from + 3), ((top + y) * width + left + x) * 3)
      }
    }
  }
  return { width, height, data }
}

/** A frame around a field of a picture, in a colour that pictures seldom have. */
export function outline(
  picture: Picture,
  { top, left, height, width }: { top: number; left: number; height: number; width: number },
  { thickness = 2, color = [255, 0, 200] as readonly [number, number, number] } = {},
): Picture {
  const data = Uint8Array.from(picture.data)
  for (let y = Math.max(0, top); y < Math.min(picture.height, top + height); y++) {
    for (let x = Math.max(0, left); x < Math.min(picture.width, left + width); x++) {
      const edge = Math.min(y - top, x - left, top + height - 1 - y, left + width - 1 - x)
      if (edge < thickness) data.set(color, (y * picture.width + x) * 3)
    }
  }
  return { width: picture.width, height: picture.height, data }
}

function toBytes(data: Float32Array, level: (value: number, index: number) => number): Uint8Array {
  const clamped = new Uint8ClampedArray(data.length)
  for (let i = 0; i < data.length; i++) clamped[i] = level(data[i]!, i)
  return new Uint8Array(clamped.buffer)
}
