import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { decodeJpeg } from './jpeg.ts'
import { readJpegFrame } from './jpeg-header.ts'
import { readOrientation } from './orientation.ts'
import type { Picture } from './picture.ts'
import { Random } from './random.ts'
import { type PictureCase, readFixture } from './testing.ts'

const { cases } = readFixture<{ cases: PictureCase[] }>('pictures.json')
const files = new Map(cases.map((one) => [one.name, Buffer.from(one.file, 'base64')]))

/** What this decoder makes of a file, or undefined where it leaves it to another. */
function decode(bytes: Uint8Array): Picture | undefined {
  const frame = readJpegFrame(bytes)
  return frame && decodeJpeg(bytes, frame)
}

const ours = cases.filter(({ name, file }) => {
  const frame = name.endsWith('.jpg') && readJpegFrame(Buffer.from(file, 'base64'))
  return frame && frame.orientation === 1
})

describe('decodeJpeg', () => {
  it('has pictures to compare with of every kind that it decodes', () => {
    const kinds = ours.map(({ name }) => {
      const { components } = readJpegFrame(files.get(name)!)!
      return components.map(({ horizontal, vertical }) => `${horizontal}${vertical}`).join(' ')
    })
    expect(new Set(kinds)).toEqual(new Set(['11', '11 11 11', '21 11 11', '22 11 11']))
  })

  it.each(ours)('gives the pixels that Pillow gives: $name', ({ name, width, height, data }) => {
    const picture = decode(files.get(name)!)!
    expect([picture.width, picture.height]).toEqual([width, height])
    expect(Buffer.from(picture.data).equals(inflateSync(Buffer.from(data, 'base64')))).toBe(true)
  })

  it.each(ours)('gives the same pixels of any window: $name', ({ name, width, height, data }) => {
    const whole = inflateSync(Buffer.from(data, 'base64'))
    const random = new Random(7)
    const bytes = files.get(name)!
    const frame = readJpegFrame(bytes)!
    for (let round = 0; round < 60; round++) {
      const window = { left: random.integer(width), top: random.integer(height) }
      const size = {
        width: 1 + random.integer(width - window.left),
        height: 1 + random.integer(height - window.top),
      }
      const part = decodeJpeg(bytes, frame, { ...window, ...size })!
      for (let y = window.top; y < window.top + size.height; y++) {
        const start = (y * width + window.left) * 3
        const end = start + size.width * 3
        const same =
          Buffer.compare(part.data.subarray(start, end), whole.subarray(start, end)) === 0
        expect(same, JSON.stringify({ ...window, ...size, y })).toBe(true)
      }
    }
  })

  it('leaves progressive, CMYK and foreign files to others', () => {
    for (const name of ['progressive.jpg', 'cmyk.jpg', 'rgb.png']) {
      expect(readJpegFrame(files.get(name)!), name).toBeUndefined()
    }
  })

  it('gives up on a file cut off or damaged anywhere, and never on its memory', () => {
    const bytes = files.get('noise.jpg')!
    for (let length = 1; length < bytes.length - 2; length += 7) {
      expect(decode(bytes.subarray(0, length)), `${length} bytes`).toBeUndefined()
    }
    const random = new Random(1)
    for (let round = 0; round < 400; round++) {
      const damaged = Uint8Array.from(bytes)
      for (let byte = 0; byte < 4; byte++) {
        damaged[2 + random.integer(bytes.length - 4)] = random.integer(256)
      }
      const picture = decode(damaged)
      if (picture) expect(picture.data.length).toBe(picture.width * picture.height * 3)
    }
    expect(decode(bytes)).toBeDefined()
  })
})

describe('readOrientation', () => {
  it('finds nothing in what is no EXIF data', () => {
    expect(readOrientation(new Uint8Array(40))).toBeUndefined()
    const lost = Buffer.from('II*\0\xff\xff\xff\xff______________', 'latin1')
    expect(readOrientation(lost)).toBeUndefined()
  })
})
