// The forms of the `shapes` pictures as signed distances: negative inside, positive outside, in
// units in which each form reaches about 1 from its centre. `y` grows downwards.

import type { Random } from '../random.ts'
import type { Field } from './canvas.ts'

/** Draws what varies from one form of a kind to the next, and gives its distance field. */
export type Figure = (random: Random) => Field

export const circle: Figure = () => (x, y) => Math.hypot(x, y) - 0.95

export const square: Figure = (random) => {
  const corner = random.uniform(0, 0.12)
  const half = 0.82 - corner
  return (x, y) => box(x, y, half, half) - corner
}

export const triangle: Figure = (random) => {
  const corner = random.uniform(0, 0.08)
  const apothem = 0.56 - corner
  return (x, y) => {
    const { along } = folded(y, x, 3)
    return along - apothem - corner
  }
}

export const star: Figure = (random) => {
  const inner = random.uniform(0.4, 0.48)
  const points = 5
  const tip = 1.08
  const innerX = inner * Math.cos(Math.PI / points)
  const innerY = inner * Math.sin(Math.PI / points)
  const edgeX = innerX - tip
  const length = Math.hypot(edgeX, innerY)
  return (x, y) => {
    // Each half point is bounded by one straight edge, from its tip to the notch beside it.
    const { along, across } = folded(-y, x, points)
    return ((along - tip) * innerY - across * edgeX) / length
  }
}

export const cross: Figure = (random) => {
  const half = random.uniform(0.22, 0.32)
  return (x, y) => Math.min(box(x, y, 1, half), box(x, y, half, 1))
}

export const ring: Figure = (random) => {
  const half = random.uniform(0.14, 0.25)
  const radius = 0.98 - half
  return (x, y) => Math.abs(Math.hypot(x, y) - radius) - half
}

/** A stroke with round ends of the given half length and half width, along x. */
export function stroke(halfLength: number, halfWidth: number): Field {
  return (x, y) => Math.hypot(Math.max(Math.abs(x) - halfLength, 0), y) - halfWidth
}

/** A closed irregular outline, like a puddle: a circle whose radius swings with the angle. */
export const blob: Figure = (random) => {
  const [cos2, sin2] = swing(random, 2)
  const [cos3, sin3] = swing(random, 3)
  const [cos4, sin4] = swing(random, 4)
  return (x, y) => {
    const length = Math.hypot(x, y)
    if (length < 0.4) return -1 // well inside whatever the swings are
    // Cosine and sine of the angle and, by the addition theorems, of its multiples.
    const c1 = x / length
    const s1 = y / length
    const c2 = c1 * c1 - s1 * s1
    const s2 = 2 * c1 * s1
    const c3 = c2 * c1 - s2 * s1
    const s3 = s2 * c1 + c2 * s1
    const c4 = c2 * c2 - s2 * s2
    const s4 = 2 * c2 * s2
    const swings = c2 * cos2 + s2 * sin2 + c3 * cos3 + s3 * sin3 + c4 * cos4 + s4 * sin4
    return length - 0.82 - swings
  }
}

/** A random swing of `count` waves around the outline, as its cosine and sine parts. */
function swing(random: Random, count: number): [cos: number, sin: number] {
  const height = random.uniform(0, 0.32) / count
  const phase = random.uniform(0, 2 * Math.PI)
  return [height * Math.cos(phase), height * Math.sin(phase)]
}

/**
 * Turns and mirrors a point into half a sector of a form with `count` equal points around it:
 * `along` runs from the centre to the point's tip, `across` beside it, never negative.
 */
function folded(x: number, y: number, count: number): { along: number; across: number } {
  const sector = (2 * Math.PI) / count
  const angle = Math.atan2(y, x)
  const within = Math.abs(angle - sector * Math.round(angle / sector))
  const radius = Math.hypot(x, y)
  return { along: radius * Math.cos(within), across: radius * Math.sin(within) }
}

function box(x: number, y: number, halfWidth: number, halfHeight: number): number {
  const outsideX = Math.abs(x) - halfWidth
  const outsideY = Math.abs(y) - halfHeight
  const outside = Math.hypot(Math.max(outsideX, 0), Math.max(outsideY, 0))
  return outside + Math.min(Math.max(outsideX, outsideY), 0)
}
