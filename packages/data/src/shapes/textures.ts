// The textures of the `shapes` pictures as signed distances to the edges between their two
// colours, in units of their period: negative inside a stripe, a dark field, a dot.

import type { Random } from '../random.ts'
import type { Field } from './canvas.ts'

/** A kind of texture: its usual period and what varies from one to the next. */
export interface Texture {
  /** Least and largest period, as a share of the picture's side. */
  readonly period: readonly [number, number]
  /** The distance field; one unit is one period. */
  field(random: Random): Field
}

export const stripes: Texture = {
  period: [0.14, 0.3],
  field(random) {
    const half = random.uniform(0.18, 0.32)
    return (x) => Math.abs(centered(x)) - half
  },
}

export const checkerboard: Texture = {
  period: [0.3, 0.5],
  field() {
    return (x, y) => {
      const toEdgeX = Math.abs(centered(x)) - 0.25
      const toEdgeY = Math.abs(centered(y)) - 0.25
      const distance = Math.min(Math.abs(toEdgeX), Math.abs(toEdgeY))
      return toEdgeX < 0 === toEdgeY < 0 ? -distance : distance
    }
  },
}

export const dots: Texture = {
  period: [0.19, 0.36],
  field(random) {
    const radius = random.uniform(0.2, 0.3)
    return (x, y) => Math.hypot(centered(x), centered(y)) - radius
  },
}

export const waves: Texture = {
  period: [0.2, 0.36],
  field(random) {
    const half = random.uniform(0.18, 0.3)
    const height = random.uniform(0.3, 0.5)
    const frequency = (2 * Math.PI) / random.uniform(1.5, 2.4)
    return (x, y) => {
      // Where the stripe runs aslant, its edge is nearer than the distance along x.
      const slope = height * frequency * Math.cos(y * frequency)
      const across = Math.abs(centered(x + height * Math.sin(y * frequency))) - half
      return across / Math.hypot(1, slope)
    }
  },
}

/** The distance to the nearest whole number, with its sign: −0.5 to 0.5. */
function centered(value: number): number {
  return value - Math.round(value)
}
