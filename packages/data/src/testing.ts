// What the tests share: reading fixtures, the hash that their inputs are made by, and a data set
// held in memory. Not part of the package.

import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import type { Dataset } from './dataset.ts'
import * as operations from './functional.ts'
import type { Picture } from './picture.ts'
import { createTransform } from './transforms/create-transform.ts'
import type { TransformRecipe } from './transforms/transform.ts'

/** The content of `fixtures/<name>`; `scripts/make-pillow-fixtures.py` says what is in it. */
export function readFixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')) as T
}

/** A picture of `pictures.json`: its file in base64, and Pillow's pixels of it, deflated, in base64. */
export interface PictureCase {
  name: string
  file: string
  width: number
  height: number
  data: string
}

/** A picture of `odd-pictures.json`: as `PictureCase`, or, where Pillow refuses it, with why. */
export type OddPictureCase = PictureCase | { name: string; file: string; refused: string }

/** The bytes that the fixtures' script draws for a picture of this size. */
export function noisePicture(width: number, height: number): Picture {
  const data = new Uint8Array(width * height * 3)
  let at = 0
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        let hash =
          Math.imul(x, 0x9e3779b1) + Math.imul(y, 0x85ebca77) + Math.imul(channel, 0xc2b2ae3d)
        hash ^= hash >>> 15
        hash = Math.imul(hash, 0x2c1b3c6d)
        data[at++] = (hash ^ (hash >>> 12)) & 255
      }
    }
  }
  return { width, height, data }
}

/** The pictures that `scripts/make-transform-fixtures.py` names: a kind and a size, `gray 24×20`. */
export function fixturePicture(name: string): Picture {
  const [kind, size] = name.split(' ') as [string, string]
  const [width, height] = size.split('×').map(Number) as [number, number]
  const { data } = noisePicture(width, height)
  const noise = data.slice()
  for (let at = 0; at < data.length; at++) {
    const channel = at % 3
    const x = Math.floor(at / 3) % width
    const y = Math.floor(at / 3 / width)
    if (kind === 'gray') data[at] = noise[at - channel]!
    else if (kind === 'extremes') data[at] = noise[at]! & 16 ? 255 : 0
    else if (kind === 'plain') data[at] = [3, 130, 255][channel]!
    else if (kind === 'smooth') {
      data[at] = [x * 7 + y, 200 - y * 5, 40 + ((x * 3 + y * 2) % 160)][channel]!
    }
  }
  return { width, height, data }
}

/** The CRC-32 of an array's bytes. */
export function checksum({ buffer, byteOffset, byteLength }: Uint8Array | Float32Array): number {
  return crc32(new Uint8Array(buffer, byteOffset, byteLength))
}

/** Pictures of one colour each, red telling their number, of `classes` classes in turn. */
export function plainDataset(length: number, classes = 3, side = 4): Dataset {
  return {
    name: 'plain',
    classes: Array.from({ length: classes }, (_, label) => `class ${label}`),
    length,
    label: (index) => index % classes,
    load: async (index) => ({
      width: side,
      height: side,
      data: new Uint8Array(side * side * 3).map((_, at) => (at % 3 === 0 ? index : 0)),
    }),
    path: (index) => `plain/${index}`,
    fingerprint: async () => `plain ${length}`,
  }
}

/** Something to do to a picture with everything given, as `scripts/torchvision_cases.py` has it. */
export type Case =
  | { operation: string; arguments: unknown[] }
  | { transform: TransformRecipe; parameters: unknown }

const byName: Record<string, unknown> = { ...operations }

/** Does it. */
export function runCase(given: Case, picture: Picture): Picture {
  if ('transform' in given) return createTransform(given.transform).apply(picture, given.parameters)
  const run = byName[given.operation] as (...values: unknown[]) => Picture
  return run(picture, ...given.arguments)
}
