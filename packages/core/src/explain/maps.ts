// What explanations give: numbers over the pixels of the prepared picture or of a layer, as plain arrays.

/** One number a place, such as how much a region speaks for a class. */
export interface HeatMap {
  /** Rows. */
  height: number
  /** Places in a row. */
  width: number
  /** Row after row. */
  data: Float32Array
}

/** Several numbers a place: a channel each. */
export interface ChannelMap extends HeatMap {
  channels: number
}

/** One channel of a map. */
export function channelOf({ height, width, channels, data }: ChannelMap, channel: number): HeatMap {
  const plane = new Float32Array(height * width)
  for (let i = 0; i < plane.length; i++) plane[i] = data[i * channels + channel]!
  return { height, width, data: plane }
}

/** The largest absolute value over a place's channels: how Simonyan et al. (2013) show gradients. */
export function magnitude({ height, width, channels, data }: ChannelMap): HeatMap {
  const plane = new Float32Array(height * width)
  for (let i = 0; i < data.length; i++) {
    const place = Math.floor(i / channels)
    plane[place] = Math.max(plane[place]!, Math.abs(data[i]!))
  }
  return { height, width, data: plane }
}

/** The sum over a place's channels: attributions of a pixel from those of its colours. */
export function channelSum({ height, width, channels, data }: ChannelMap): HeatMap {
  const plane = new Float32Array(height * width)
  for (let i = 0; i < data.length; i++) plane[Math.floor(i / channels)]! += data[i]!
  return { height, width, data: plane }
}

/**
 * A map in another size by bilinear interpolation between the centres of its places, as
 * `torch.nn.functional.interpolate(mode='bilinear', align_corners=False)` has it.
 */
export function resizeMap(map: HeatMap, height: number, width: number): HeatMap {
  const rows = steps(map.height, height)
  const columns = steps(map.width, width)
  const data = new Float32Array(height * width)
  let at = 0
  for (const [top, bottom, down] of rows) {
    for (const [left, right, along] of columns) {
      const upper = mix(
        map.data[top * map.width + left]!,
        map.data[top * map.width + right]!,
        along,
      )
      const lower = mix(
        map.data[bottom * map.width + left]!,
        map.data[bottom * map.width + right]!,
        along,
      )
      data[at++] = mix(upper, lower, down)
    }
  }
  return { height, width, data }
}

const mix = (from: number, to: number, share: number) => from + (to - from) * share

/** For each place of the result: the two places it lies between, and how far from the first. */
function steps(from: number, to: number): [number, number, number][] {
  return Array.from({ length: to }, (_, i) => {
    const position = Math.max(0, ((i + 0.5) * from) / to - 0.5)
    const first = Math.min(Math.floor(position), from - 1)
    return [first, Math.min(first + 1, from - 1), position - first]
  })
}

/** The smallest and the largest number of a map. */
export function range(data: ArrayLike<number>): [lowest: number, highest: number] {
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let i = 0; i < data.length; i++) {
    lowest = Math.min(lowest, data[i]!)
    highest = Math.max(highest, data[i]!)
  }
  return [lowest, highest]
}
