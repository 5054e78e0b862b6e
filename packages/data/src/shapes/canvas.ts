// A small square canvas to draw the `shapes` pictures on: float colours, painted layer on layer
// with a coverage a pixel, so that every edge is antialiased at any size. Positions run from −1
// (left, top) to 1 whatever the number of pixels.

import type { Picture } from '../picture.ts'
import type { Random } from '../random.ts'

/** Red, green and blue from 0 to 1. */
export type Color = readonly [red: number, green: number, blue: number]

/** A function of the position: a distance, a coverage, a shade. */
export type Field = (x: number, y: number) => number

/** What a layer is painted with: one colour, or one that goes over into another along a field. */
export interface Paint {
  from: Color
  to: Color
  /** 0 gives `from`, 1 gives `to`. */
  mix: Field
}

/** Colours of a picture while it is drawn. */
export class Canvas {
  /** Side in pixels. */
  readonly size: number
  /** The width of a pixel in positions. */
  readonly pixel: number
  readonly #colors: Float32Array

  constructor(size: number) {
    this.size = size
    this.pixel = 2 / size
    this.#colors = new Float32Array(size * size * 3)
  }

  /**
   * Paints where `distance` is negative: outside a form it is the distance to its edge, inside the
   * same with a minus. Only positions within `reach` of (`x`, `y`) are looked at.
   */
  paintForm(
    distance: Field,
    paint: Paint,
    options: { opacity?: number; x?: number; y?: number; reach?: number } = {},
  ): void {
    const { opacity = 1, x: centerX = 0, y: centerY = 0, reach = 2 } = options
    const { size, pixel } = this
    const colors = this.#colors
    const { from, to, mix } = paint
    const clamp = (position: number) =>
      Math.max(0, Math.min(size, Math.round((position + 1) / pixel)))
    const left = clamp(centerX - reach - pixel)
    const right = clamp(centerX + reach + pixel)
    const bottom = clamp(centerY + reach + pixel)
    for (let row = clamp(centerY - reach - pixel); row < bottom; row++) {
      const y = (row + 0.5) * pixel - 1
      for (let column = left; column < right; column++) {
        const x = (column + 0.5) * pixel - 1
        const coverage = 0.5 - distance(x, y) / pixel
        if (coverage <= 0) continue
        const alpha = coverage >= 1 ? opacity : coverage * opacity
        const share = mix(x, y)
        const at = (row * size + column) * 3
        for (let channel = 0; channel < 3; channel++) {
          const color = from[channel]! + (to[channel]! - from[channel]!) * share
          const below = colors[at + channel]!
          colors[at + channel] = below + (color - below) * alpha
        }
      }
    }
  }

  /** Paints everywhere. */
  fill(paint: Paint): void {
    this.paintForm(() => Number.NEGATIVE_INFINITY, paint)
  }

  /** Multiplies all colours by a field: light and shade. */
  shade(brightness: Field): void {
    for (let row = 0, at = 0; row < this.size; row++) {
      for (let column = 0; column < this.size; column++, at += 3) {
        const factor = brightness((column + 0.5) * this.pixel - 1, (row + 0.5) * this.pixel - 1)
        this.#colors[at]! *= factor
        this.#colors[at + 1]! *= factor
        this.#colors[at + 2]! *= factor
      }
    }
  }

  /** The picture in bytes, with sensor noise of about `deviation` (of the range 0 to 1) added. */
  toPicture(random: Random, deviation: number): Picture {
    const data = new Uint8ClampedArray(this.#colors.length)
    // Four bytes of one draw sum to a variance of 4 · (256² − 1) / 12 and are nearly normal.
    const scale = (deviation * 255) / Math.sqrt((65536 - 1) / 3)
    for (let at = 0; at < data.length; at++) {
      const bits = random.bits()
      const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24)
      data[at] = this.#colors[at]! * 255 + (sum - 510) * scale
    }
    return { width: this.size, height: this.size, data: new Uint8Array(data.buffer) }
  }
}

/** One colour all over. */
export function solid(color: Color): Paint {
  return { from: color, to: color, mix: () => 0 }
}

/** From one colour to another across `width` positions in direction `angle` (radians) about a point. */
export function gradient(
  from: Color,
  to: Color,
  angle: number,
  width: number,
  x = 0,
  y = 0,
): Paint {
  const alongX = Math.cos(angle) / width
  const alongY = Math.sin(angle) / width
  const mix = (px: number, py: number) => {
    const share = 0.5 + (px - x) * alongX + (py - y) * alongY
    return Math.max(0, Math.min(1, share))
  }
  return { from, to, mix }
}

/** Clouds of two colours: smooth noise on a grid of `cells` across the picture. */
export function clouds(from: Color, to: Color, cells: number, random: Random): Paint {
  const columns = cells + 2
  const grid = Float32Array.from({ length: columns * columns }, () => random.float())
  const mix = (x: number, y: number) => {
    const gridX = (x + 1) * 0.5 * cells
    const gridY = (y + 1) * 0.5 * cells
    const column = Math.floor(gridX)
    const row = Math.floor(gridY)
    const smoothX = smooth(gridX - column)
    const smoothY = smooth(gridY - row)
    const at = row * columns + column
    const above = grid[at]! + (grid[at + 1]! - grid[at]!) * smoothX
    const below = grid[at + columns]! + (grid[at + columns + 1]! - grid[at + columns]!) * smoothX
    return above + (below - above) * smoothY
  }
  return { from, to, mix }
}

function smooth(value: number): number {
  return value * value * (3 - 2 * value)
}
