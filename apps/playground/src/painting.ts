// Painting on a picture as its strokes, which an address can hold: the page paints what it shows by them, the worker what the
// network gets. Places lie on a grid over the picture, so that strokes fit a picture of any size.

/** Places of the grid a side. */
export const GRID = 64
/** Places that a painting may have: an address of three thousand characters. */
export const MOST_PLACES = 1500

/** What a brush leaves, and its letter in an address. */
const letters = {
  grey: 'g',
  blur: 'f',
  black: 'k',
  red: 'r',
  orange: 'o',
  yellow: 'y',
  green: 'n',
  blue: 'b',
  white: 'w',
} as const
export type Ink = keyof typeof letters
export const inks = Object.keys(letters) as readonly Ink[]

export const colours: Readonly<Record<Exclude<Ink, 'blur'>, readonly [number, number, number]>> = {
  // The middle of what a byte can say: near the mean colour, which networks take for nothing.
  grey: [128, 128, 128],
  black: [20, 20, 20],
  red: [200, 40, 40],
  orange: [230, 140, 40],
  yellow: [240, 215, 70],
  green: [50, 140, 60],
  blue: [50, 90, 190],
  white: [255, 255, 255],
}

export interface Spot {
  x: number
  y: number
}

export interface Stroke {
  ink: Ink
  /** Radius of the brush in places. */
  size: number
  spots: readonly Spot[]
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** `g4:ABCD;f6:…`: ink, size, then two digits a place. */
export const formatStrokes = (strokes: readonly Stroke[]): string =>
  strokes
    .map(({ ink, size, spots }) => {
      const places = spots.map(({ x, y }) => DIGITS[x]! + DIGITS[y]!)
      return `${letters[ink]}${size}:${places.join('')}`
    })
    .join(';')

/** What an address says; a stroke that is none is left out. */
export function parseStrokes(text = ''): Stroke[] {
  const strokes = text.split(';').flatMap((one) => {
    const [, letter, size, places] = /^([a-z])(\d{1,2}):((?:[\w-]{2})+)$/.exec(one) ?? []
    const ink = inks.find((name) => letters[name] === letter)
    if (!ink || !places || Number(size) < 1) return []
    const digits = Array.from(places, (digit) => DIGITS.indexOf(digit))
    const spots = Array.from({ length: digits.length / 2 }, (_, index) => ({
      x: digits[2 * index]!,
      y: digits[2 * index + 1]!,
    }))
    return [{ ink, size: Math.min(Number(size), GRID), spots }]
  })
  while (placesOf(strokes) > MOST_PLACES) strokes.pop()
  return strokes
}

export const placesOf = (strokes: readonly Stroke[]) =>
  strokes.reduce((sum, { spots }) => sum + spots.length, 0)

/** The places from one, which is left out, to another, as near to one another as a brush needs them. */
export function between(from: Spot, to: Spot, size: number): Spot[] {
  const step = Math.max(1, size / 2)
  const count = Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / step)
  return Array.from({ length: count }, (_, index) => {
    const share = (index + 1) / count
    return {
      x: Math.round(from.x + share * (to.x - from.x)),
      y: Math.round(from.y + share * (to.y - from.y)),
    }
  })
}

/** Bytes of a picture, three a pixel or four. */
export interface Surface {
  width: number
  height: number
  data: Uint8Array | Uint8ClampedArray
}

/** Paints strokes into a copy of a picture. */
export const painted = <Of extends Surface>(picture: Of, strokes: readonly Stroke[]): Of =>
  painterOf(picture)(picture, strokes)

/**
 * Paints strokes into copies of a picture, and of what was painted of it before: only what is new needs painting. What
 * the blurring brush leaves is always of the picture itself.
 */
export function painterOf<Of extends Surface>(
  picture: Of,
): (onto: Of, strokes: readonly Stroke[]) => Of {
  let blurred: Surface['data'] | undefined
  return (onto, strokes) => {
    const data = onto.data.slice()
    if (strokes.some(({ ink }) => ink === 'blur')) {
      blurred ??= blur(picture, Math.ceil(Math.min(picture.width, picture.height) / 10))
    }
    paint({ ...onto, data }, strokes, blurred)
    return { ...onto, data }
  }
}

/** Paints into the surface itself. */
function paint(
  { width, height, data }: Surface,
  strokes: readonly Stroke[],
  blurred: Surface['data'] | undefined,
): void {
  const bytes = data.length / (width * height)
  for (const { ink, size, spots } of strokes) {
    // A brush that is smaller than a pixel paints the one it is on.
    const radius = Math.max(0.75, (size / GRID) * Math.min(width, height))
    for (const { x, y } of spots) {
      const [middleX, middleY] = [((x + 0.5) / GRID) * width, ((y + 0.5) / GRID) * height]
      const last = Math.min(height - 1, Math.ceil(middleY + radius))
      for (let row = Math.max(0, Math.floor(middleY - radius)); row <= last; row++) {
        const reach = radius ** 2 - (row + 0.5 - middleY) ** 2
        if (reach < 0) continue
        const half = Math.sqrt(reach)
        const end = Math.min(width - 1, Math.floor(middleX + half - 0.5))
        for (let column = Math.max(0, Math.ceil(middleX - half - 0.5)); column <= end; column++) {
          const at = (row * width + column) * bytes
          for (let colour = 0; colour < 3; colour++) {
            data[at + colour] = ink === 'blur' ? blurred![at + colour]! : colours[ink][colour]!
          }
        }
      }
    }
  }
}

/** Means over a square around each pixel, twice: near a Gaussian. The border's pixels go on past it. */
function blur({ width, height, data }: Surface, radius: number): Surface['data'] {
  const bytes = data.length / (width * height)
  let from = data
  for (let pass = 0; pass < 2; pass++) {
    from = alongLines(from, { count: height, length: width, line: width * bytes, step: bytes })
    from = alongLines(from, { count: width, length: height, line: bytes, step: width * bytes })
  }
  return from

  function alongLines(
    input: Surface['data'],
    { count, length, line, step }: Record<'count' | 'length' | 'line' | 'step', number>,
  ): Surface['data'] {
    const output = input.slice()
    const within = (at: number) => Math.max(0, Math.min(length - 1, at))
    for (let index = 0; index < count; index++) {
      for (let colour = 0; colour < 3; colour++) {
        const start = index * line + colour
        let sum = 0
        for (let at = -radius; at <= radius; at++) sum += input[start + within(at) * step]!
        for (let at = 0; at < length; at++) {
          output[start + at * step] = Math.round(sum / (2 * radius + 1))
          sum += input[start + within(at + radius + 1) * step]!
          sum -= input[start + within(at - radius) * step]!
        }
      }
    }
    return output
  }
}
