// Reproducible random numbers, the same on every backend and in every JavaScript engine: integer
// hashes and a small generator over 32-bit words. A dropout mask is a pure function of its keys
// and the element's index, so a training run that was interrupted goes on as if it had not been;
// initial weights come from a seeded stream. Not for cryptography.

/**
 * One word of well mixed bits from another: a bijection on 32 bits, the finaliser of MurmurHash3.
 */
export function mix(word: number): number {
  let h = word
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** A 32-bit key of any number of whole numbers (each counted with all its 53 bits), in order. */
export function keyOf(...parts: number[]): number {
  let key = 0x9e3779b9
  for (const part of parts) {
    key = mix(key ^ (part >>> 0))
    key = mix((key + Math.floor(part / 2 ** 32)) | 0)
  }
  return key
}

/** A 32-bit key of a seed and a name, so that every weight of a model has a stream of its own. */
export function namedSeed(seed: number, name: string): number {
  return keyOf(seed, ...Array.from(name, (character) => character.codePointAt(0)!))
}

/** What a mask's hash is made of: two keys, and the number below which a hash means that its element is kept. */
export interface MaskKeys {
  first: number
  second: number
  /** keep · 2³², at most 2³² − 1 when some elements are to be dropped. */
  threshold: number
}

/** The keys of `fillMask`, for a kernel that computes the same masks. */
export function maskKeys(key: number, keep: number): MaskKeys {
  // Two rounds with two keys: with one, the masks of two keys would be rearrangements of each
  // other.
  return {
    first: mix(key ^ 0x243f6a88),
    second: mix(key ^ 0x85a308d3),
    threshold: Math.min(Math.round(keep * 2 ** 32), 2 ** 32),
  }
}

/**
 * Fills `mask` with `value` where an element is kept and 0 where it is dropped.
 * Element `i` is a pure function of `key` and `firstElement + i`; it is kept with probability `keep`,
 * to 2⁻³².
 */
export function fillMask(
  mask: Float32Array,
  key: number,
  keep: number,
  value: number,
  firstElement = 0,
): void {
  const { first, second, threshold } = maskKeys(key, keep)
  const values = Float32Array.of(0, value)
  for (let i = 0; i < mask.length; i++) {
    let h = Math.imul((firstElement + i) ^ first, 0x9e3779b1)
    h = Math.imul(h ^ (h >>> 15), 0x85ebca6b)
    h = (h ^ (h >>> 13)) + second
    h = Math.imul(h ^ (h >>> 16), 0x7feb352d)
    h = Math.imul(h ^ (h >>> 15), 0x846ca68b)
    h = (h ^ (h >>> 16)) >>> 0
    // A table in place of a branch: the outcome is a coin toss, so a branch would be mispredicted.
    mask[i] = values[Number(h < threshold)]!
  }
}

/** A stream of 32-bit words: sfc32 of Chris Doty-Humphrey's PractRand, 128 bits of state. */
export function words(seed: number): () => number {
  let a = mix(seed)
  let b = mix(a ^ 0x9e3779b9)
  let c = mix(b ^ 0x243f6a88)
  let counter = 1
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return sum >>> 0
  }
  for (let i = 0; i < 12; i++) next()
  return next
}

/** Fills `values` with numbers drawn evenly from −bound to bound. */
export function fillUniform(values: Float32Array, seed: number, bound: number): void {
  const next = words(seed)
  const scale = (2 * bound) / 2 ** 32
  for (let i = 0; i < values.length; i++) values[i] = (next() + 0.5) * scale - bound
}

/**
 * Fills `values` with numbers of the normal distribution of mean 0 and the given standard
 * deviation. The ziggurat method of Marsaglia and Tsang (2000) in Doornik's form (2005), which
 * draws the box and the position from separate bits; about 99 of 100 numbers need no logarithm.
 */
export function fillNormal(values: Float32Array, seed: number, standardDeviation: number): void {
  const next = words(seed)
  const { edges, ratios } = ziggurat()
  for (let i = 0; i < values.length; i++) {
    let sample: number
    for (;;) {
      const word = next()
      const box = word & 127
      // 25 bits of position beside the 7 of the box: finer than float32's 24.
      const position = (word >>> 7) * 2 ** -24 - 1 + 2 ** -25
      sample = position * edges[box]!
      if (Math.abs(position) < ratios[box]!) break
      if (box === 0) {
        sample = tail(next, position < 0)
        break
      }
      const outer = Math.exp(-0.5 * (edges[box]! ** 2 - sample ** 2))
      const inner = Math.exp(-0.5 * (edges[box + 1]! ** 2 - sample ** 2))
      if (inner + unit(next) * (outer - inner) < 1) break
    }
    values[i] = sample * standardDeviation
  }
}

/** Right edge of the ziggurat's base box, and the area of each of its 128 boxes. */
const ZIGGURAT_EDGE = 3.442619855899
const ZIGGURAT_AREA = 9.91256303526217e-3

let tables: { edges: Float64Array; ratios: Float64Array } | undefined

/**
 * Edges of the boxes from the widest to the narrowest, and how much of each lies under the curve.
 */
function ziggurat(): { edges: Float64Array; ratios: Float64Array } {
  if (tables) return tables
  const edges = new Float64Array(129)
  let height = Math.exp(-0.5 * ZIGGURAT_EDGE ** 2)
  edges[0] = ZIGGURAT_AREA / height
  edges[1] = ZIGGURAT_EDGE
  for (let i = 2; i < 128; i++) {
    edges[i] = Math.sqrt(-2 * Math.log(ZIGGURAT_AREA / edges[i - 1]! + height))
    height = Math.exp(-0.5 * edges[i]! ** 2)
  }
  tables = {
    edges,
    ratios: Float64Array.from({ length: 128 }, (_, i) => edges[i + 1]! / edges[i]!),
  }
  return tables
}

/** A number beyond the base box's edge, by Marsaglia's method. */
function tail(next: () => number, negative: boolean): number {
  for (;;) {
    const x = Math.log(unit(next)) / ZIGGURAT_EDGE
    if (-2 * Math.log(unit(next)) >= x * x) return negative ? x - ZIGGURAT_EDGE : ZIGGURAT_EDGE - x
  }
}

/** A number strictly between 0 and 1. */
function unit(next: () => number): number {
  return (next() + 0.5) * 2 ** -32
}
