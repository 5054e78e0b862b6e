// What of a map is in view, as numbers: the place in the middle and how much it is enlarged; and which places a lasso holds.
import type { Point } from '../engine/picture-map.ts'

export interface View extends Point {
  zoom: number
}

/** All of it. */
export const whole: View = { x: 0.5, y: 0.5, zoom: 1 }
const MOST = 40

const within = (value: number) => Math.max(0, Math.min(1, value))

/** The view moved by a part of its own side. */
export const moved = ({ x, y, zoom }: View, right: number, down: number): View => ({
  x: within(x + right / zoom),
  y: within(y + down / zoom),
  zoom,
})

/** The view enlarged about a place, given from its middle in parts of its side, which stays where it is. */
export function zoomed({ x, y, zoom }: View, factor: number, about: Point): View {
  const next = Math.max(0.5, Math.min(MOST, zoom * factor))
  const shift = 1 / zoom - 1 / next
  return { x: within(x + about.x * shift), y: within(y + about.y * shift), zoom: next }
}

/** Whether a place is inside a closed line: a way from it to the right crosses the line an odd number of times. */
export function inside({ x, y }: Point, ring: readonly Point[]): boolean {
  let isInside = false
  for (const [index, a] of ring.entries()) {
    const b = ring[(index + 1) % ring.length]!
    const crosses = a.y > y !== b.y > y && x < a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x)
    if (crosses) isInside = !isInside
  }
  return isInside
}
