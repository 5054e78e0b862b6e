// Whole pictures around one form or texture. Everything that does not decide the class is drawn at
// random and in the same way for all classes: the background, what lies about on it, the colours,
// the light, what covers a part, and the noise.

import type { Picture } from '../picture.ts'
import type { Random } from '../random.ts'
import { Canvas, type Color, clouds, type Field, gradient, type Paint, solid } from './canvas.ts'
import { blob, type Figure, stroke } from './figures.ts'
import type { Texture } from './textures.ts'

/** A form on a background. */
export function drawFigureScene(figure: Figure, size: number, random: Random): Picture {
  const canvas = new Canvas(size)
  const { behind, front } = colorPair(random)
  drawGround(canvas, behind, random)
  const radius = random.uniform(0.45, 0.85)
  const room = 1.02 - 0.85 * radius
  const x = random.uniform(-room, room)
  const y = random.uniform(-room, room)
  const form = placed(figure(random), {
    x,
    y,
    scale: radius,
    angle: random.uniform(-0.5, 0.5),
    squash: random.uniform(-0.1, 0.1),
  })
  const paint = randomPaint(front, x, y, radius, random)
  canvas.paintForm(form, paint, { x, y, reach: 1.3 * radius })
  if (random.float() < 0.2) cover(canvas, x, y, radius, random)
  return finish(canvas, random)
}

/** A texture over all of the picture, or in a patch on a background. */
export function drawTextureScene(texture: Texture, size: number, random: Random): Picture {
  const canvas = new Canvas(size)
  drawGround(canvas, randomColor(random), random)
  const period = 2 * random.uniform(...texture.period)
  const { behind, front } = colorPair(random)
  const pattern = placed(texture.field(random), {
    x: random.uniform(-1, 1),
    y: random.uniform(-1, 1),
    scale: period,
    angle: random.uniform(0, 2 * Math.PI),
    squash: random.uniform(-0.1, 0.1),
  })
  const patch = random.float() < 0.6
  const radius = random.uniform(0.85, 1.2)
  const room = Math.max(0, 1 - 0.85 * radius)
  const x = random.uniform(-room, room)
  const y = random.uniform(-room, room)
  const outline = placed(blob(random), { x, y, scale: radius, angle: 0, squash: 0 })
  const inside: Field = patch ? outline : () => Number.NEGATIVE_INFINITY
  const mix = (px: number, py: number) => {
    return Math.max(0, Math.min(1, 0.5 - pattern(px, py) / canvas.pixel))
  }
  canvas.paintForm(inside, { from: behind, to: front, mix })
  if (random.float() < 0.2) cover(canvas, x, y, radius, random)
  return finish(canvas, random)
}

/** A background of about `color` and things lying about on it. */
function drawGround(canvas: Canvas, color: Color, random: Random): void {
  const second = nearbyColor(color, 0.3, random)
  const kind = random.integer(4)
  if (kind === 0) canvas.fill(solid(color))
  else if (kind === 1) canvas.fill(gradient(color, second, random.uniform(0, 2 * Math.PI), 2.4))
  else canvas.fill(clouds(color, second, 2 + random.integer(7), random))
  if (random.float() < 0.5) {
    const blobs = 1 + random.integer(2)
    for (let count = 0; count < blobs; count++) {
      const x = random.uniform(-1, 1)
      const y = random.uniform(-1, 1)
      const scale = random.uniform(0.2, 0.8)
      const form = placed(blob(random), { x, y, scale, angle: 0, squash: 0 })
      const opacity = random.uniform(0.3, 0.8)
      canvas.paintForm(form, solid(nearbyColor(color, 0.35, random)), {
        opacity,
        x,
        y,
        reach: 1.3 * scale,
      })
    }
  }
  if (random.float() < 0.5) {
    const strokes = 1 + random.integer(4)
    for (let count = 0; count < strokes; count++) drawStroke(canvas, randomColor(random), random)
  }
}

function drawStroke(canvas: Canvas, color: Color, random: Random): void {
  const x = random.uniform(-1, 1)
  const y = random.uniform(-1, 1)
  const length = random.uniform(0.08, 0.4)
  const form = stroke(length, random.uniform(0.03, 0.06))
  const angle = random.uniform(0, Math.PI)
  canvas.paintForm(placed(form, { x, y, scale: 1, angle, squash: 0 }), solid(color), {
    opacity: random.uniform(0.3, 0.9),
    x,
    y,
    reach: length + 0.06,
  })
}

/** Something in front: a bar across a side of the form, or a puddle on it. */
function cover(canvas: Canvas, x: number, y: number, radius: number, random: Random): void {
  const angle = random.uniform(0, 2 * Math.PI)
  const away = random.uniform(0.45, 0.9) * radius
  const place = { x: x + away * Math.cos(angle), y: y + away * Math.sin(angle), squash: 0 }
  const bar = random.float() < 0.5
  const form = bar ? stroke(2, random.uniform(0.1, 0.2) * radius) : blob(random)
  const scale = bar ? 1 : random.uniform(0.25, 0.45) * radius
  const turned = placed(form, { ...place, scale, angle: angle + Math.PI / 2 })
  canvas.paintForm(turned, solid(randomColor(random)))
}

/** Light from a side, then noise. */
function finish(canvas: Canvas, random: Random): Picture {
  if (random.float() < 0.5) {
    const angle = random.uniform(0, 2 * Math.PI)
    const strength = random.uniform(0, 0.3)
    const alongX = strength * Math.cos(angle)
    const alongY = strength * Math.sin(angle)
    canvas.shade((x, y) => 1 + x * alongX + y * alongY)
  }
  return canvas.toPicture(random, random.uniform(0, 0.035))
}

interface Placement {
  x: number
  y: number
  scale: number
  /** Radians. */
  angle: number
  /** Stretched by e^squash along its own x axis, and as much narrower along y. */
  squash: number
}

/** The field moved, turned and scaled; distances are scaled along. */
function placed(field: Field, { x, y, scale, angle, squash }: Placement): Field {
  const stretch = Math.exp(squash)
  const cosX = Math.cos(angle) / (scale * stretch)
  const sinX = Math.sin(angle) / (scale * stretch)
  const cosY = (Math.cos(angle) / scale) * stretch
  const sinY = (Math.sin(angle) / scale) * stretch
  return (px, py) => {
    const awayX = px - x
    const awayY = py - y
    return scale * field(cosX * awayX + sinX * awayY, cosY * awayY - sinY * awayX)
  }
}

function randomPaint(color: Color, x: number, y: number, radius: number, random: Random): Paint {
  const kind = random.integer(3)
  if (kind === 0) return solid(color)
  const second = nearbyColor(color, 0.25, random)
  if (kind === 1) return gradient(color, second, random.uniform(0, 2 * Math.PI), 2 * radius, x, y)
  return clouds(color, second, 4 + random.integer(5), random)
}

function randomColor(random: Random): Color {
  return [random.float(), random.float(), random.float()]
}

function nearbyColor(color: Color, reach: number, random: Random): Color {
  const move = (value: number) => Math.max(0, Math.min(1, value + random.uniform(-reach, reach)))
  return [move(color[0]), move(color[1]), move(color[2])]
}

/**
 * Two colours that can be told apart, now and then just so, mostly clearly: the one behind and the
 * one in front, which is the lighter one nine times in ten.
 */
function colorPair(random: Random): { behind: Color; front: Color } {
  const least = random.float() < 0.2 ? 0.2 : 0.45
  const lighter = random.float() < 0.9
  for (;;) {
    const behind = randomColor(random)
    const front = randomColor(random)
    const difference = luminance(front) - luminance(behind)
    const apart = Math.hypot(front[0] - behind[0], front[1] - behind[1], front[2] - behind[2])
    if (difference > 0 === lighter && Math.abs(difference) > least / 2 && apart > least) {
      return { behind, front }
    }
  }
}

function luminance([red, green, blue]: Color): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue
}
