/**
 * The forms of the `shapes` pictures as signed distances: negative inside, positive outside, in
 * units in which each form reaches about 1 from its centre. Formulas after Inigo Quilez, "2D
 * distance functions" (iquilezles.org/articles/distfunctions2d).
 */
import type { Random } from '../random.ts'
import type { Field } from './canvas.ts'

/** Draws what varies from one form of a kind to the next, and gives its distance field. */
export type Figure = (random: Random) => Field

export const circle: Figure = () => (x, y) => Math.hypot(x, y) - 0.95

export const square: Figure = (random) => {
  const half = 0.82
  const corner = random.uniform(0, 0.12)
  return (x, y) => box(x, y, half - corner, half - corner) - corner
}

export const triangle: Figure = () => {
  const side = 0.95
  const slope = Math.sqrt(3)
  return (x, y) => {
    let foldedX = Math.abs(x) - side
    let foldedY = side / slope - y - 0.12
    if (foldedX + slope * foldedY > 0) {
      const kept = foldedX
      foldedX = (kept - slope * foldedY) / 2
      foldedY = (-slope * kept - foldedY) / 2
    }
    foldedX -= Math.max(-2 * side, Math.min(0, foldedX))
    return -Math.hypot(foldedX, foldedY) * Math.sign(foldedY)
  }
}

export const star: Figure = (random) => {
  const inner = random.uniform(0.38, 0.5)
  const [cos36, sin36] = [Math.cos(Math.PI / 5), Math.sin(Math.PI / 5)]
  return (px, py) => {
    // Fold the five points onto one half of one point, whose edge is a single segment.
    let x = Math.abs(px)
    let y = -py
    for (const direction of [1, -1]) {
      const over = 2 * Math.max(cos36 === 0 ? 0 : direction * sin54 * x - cos54 * y, 0)
      x -= direction * sin54 * over
      y += cos54 * over
    }
    x = Math.abs(x)
    y -= 1
    const edgeX = inner * sin36
    const edgeY = inner * cos36 - 1
    const along = Math.max(0, Math.min(1, (x * edgeX + y * edgeY) / (edgeX ** 2 + edgeY ** 2)))
    const distance = Math.hypot(x - edgeX * along, y - edgeY * along)
    return distance * Math.sign(y * edgeX - x * edgeY)
  }
}

function box(x: number, y: number, halfWidth: number, halfHeight: number): number {
  const outsideX = Math.abs(x) - halfWidth
  const outsideY = Math.abs(y) - halfHeight
  const outside = Math.hypot(Math.max(outsideX, 0), Math.max(outsideY, 0))
  return outside + Math.min(Math.max(outsideX, outsideY), 0)
}
