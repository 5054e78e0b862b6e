// Numbers and small drawings as they stand in a terminal.

import { paint } from './print.ts'

/** 0.8137 → "81.4%" */
export const percent = (share: number): string => `${(share * 100).toFixed(1)}%`

/** 83.4 → "1 min 23 s" */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${seconds < 10 ? seconds.toFixed(1) : whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes} min ${whole % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** 61_251_584 → "61.3 MB" */
export const megabytes = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`

/** 0.62 → "██████▏   " of the given width */
export function bar(share: number, width = 20): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8)
  const part = eighths % 8 === 0 ? '' : '▏▎▍▌▋▊▉'[(eighths % 8) - 1]!
  return `${'█'.repeat(Math.floor(eighths / 8))}${part}`.padEnd(width)
}

interface Pixels {
  width: number
  height: number
  data: Uint8Array
}

/**
 * A picture as lines of half blocks, two pixels a character, in 24-bit colour.
 *
 * @param columns width in characters; the picture is sampled, not smoothed.
 */
export function halfBlocks({ width, height, data }: Pixels, columns: number): string[] {
  const rows = Math.round((columns * height) / width / 2) * 2
  const colour = (x: number, y: number) => {
    const column = Math.floor(((x + 0.5) * width) / columns)
    const row = Math.floor(((y + 0.5) * height) / rows)
    const offset = (row * width + column) * 3
    return `${data[offset]};${data[offset + 1]};${data[offset + 2]}`
  }
  return Array.from({ length: rows / 2 }, (_, line) => {
    let text = ''
    for (let x = 0; x < columns; x++) {
      text += `${paint(`38;2;${colour(x, 2 * line)};48;2;${colour(x, 2 * line + 1)}`)}▀`
    }
    return `${text}${paint('0')}`
  })
}
