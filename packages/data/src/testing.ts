/**
 * What the tests share: reading fixtures, the hash that their inputs are made by, and a data set
 * held in memory. Not part of the package.
 */
import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import type { Dataset } from './dataset.ts'
import type { Picture } from './picture.ts'

/** The content of `fixtures/<name>`; `scripts/make-pillow-fixtures.py` says what is in it. */
export function readFixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')) as T
}

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
