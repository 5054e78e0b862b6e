import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, deflateSync, inflateSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PictureError } from '../picture.ts'
import { checksum, noisePicture, type PictureCase, readFixture } from '../testing.ts'
import { encodePng } from './decode.ts'
import { decodePicture, readPicture } from './picture-list.ts'

const { cases } = readFixture<{ cases: PictureCase[] }>('pictures.json')

function file(name: string): Buffer {
  return Buffer.from(cases.find((fixture) => fixture.name === name)!.file, 'base64')
}

/** A sound greyscale PNG of one bit a pixel. */
function blackPng(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const framed = Buffer.alloc(body.length + 8)
    framed.writeUInt32BE(data.length, 0)
    body.copy(framed, 4)
    framed.writeUInt32BE(crc32(body), body.length + 4)
    return framed
  }
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  const rows = deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * height))
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** The error that decoding the bytes as `cat.jpg` ends in; it must be one line with the path. */
async function problem(bytes: Uint8Array): Promise<string> {
  const error = await decodePicture(bytes, { path: 'cat.jpg' }).then(
    () => expect.fail('the picture was decoded'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(PictureError)
  const { message, path } = error as PictureError
  expect(path).toBe('cat.jpg')
  expect(message).toMatch(/^cat\.jpg [^\n]+$/)
  return message
}

describe('decodePicture', () => {
  it.each(cases)('gives the pixels that Pillow gives: $name', async (fixture) => {
    const { width, height, data } = await decodePicture(Buffer.from(fixture.file, 'base64'))
    expect([width, height]).toEqual([fixture.width, fixture.height])
    const expected = inflateSync(Buffer.from(fixture.data, 'base64'))
    expect(data.length).toBe(expected.length)
    expect(data.reduce((most, byte, at) => Math.max(most, Math.abs(byte - expected[at]!)), 0)).toBe(
      0,
    )
  })

  it('reads AVIF, its first frame', async () => {
    const { width, height, data } = noisePicture(24, 16)
    // Smooth: what AVIF loses of a picture that it is good at is a level or two.
    const smooth = data.map((_, at) => 40 + (Math.floor(at / 3) % width) * 3 + (at % 3) * 20)
    const raw = { width, height, channels: 3 } as const
    const bytes = await sharp(smooth, { raw }).avif({ quality: 100, lossless: true }).toBuffer()
    const picture = await decodePicture(bytes)
    expect([picture.width, picture.height]).toEqual([width, height])
    const worst = picture.data.reduce(
      (most, byte, at) => Math.max(most, Math.abs(byte - smooth[at]!)),
      0,
    )
    expect(worst).toBeLessThanOrEqual(2)
    expect(await problem(bytes.subarray(0, bytes.length - 40))).toContain('cut off or damaged')
  })

  it('gives plain bytes, not a Buffer', async () => {
    const { data } = await decodePicture(file('rgb.png'))
    expect(Object.getPrototypeOf(data)).toBe(Uint8Array.prototype)
  })

  it('takes an ArrayBuffer, any view and a path, and says what it does not take', async () => {
    const bytes = file('rgb.png')
    const { data } = await decodePicture(bytes)
    const buffer = new Uint8Array(bytes).buffer
    expect((await decodePicture(buffer)).data).toEqual(data)
    expect((await decodePicture(new DataView(buffer))).data).toEqual(data)
    await expect(decodePicture('nowhere/cat.jpg')).rejects.toThrow(
      'nowhere/cat.jpg does not exist; check the path',
    )
    await expect(decodePicture(5 as never)).rejects.toThrow('is asked for, not Number')
  })

  it('reads TIFF, turned upright', async () => {
    const { width, height, data } = noisePicture(24, 16)
    const raw = { width, height, channels: 3 } as const
    const encode = (orientation: number) =>
      sharp(data, { raw }).withMetadata({ orientation }).tiff({ compression: 'lzw' }).toBuffer()
    expect(await decodePicture(await encode(1))).toEqual({ width, height, data })
    const turned = await decodePicture(await encode(6))
    expect([turned.width, turned.height]).toEqual([height, width])
    // The first pixel of the upright picture is the last row's first one.
    const from = (height - 1) * width * 3
    expect(turned.data.subarray(0, 3)).toEqual(data.subarray(from, from + 3))
  })

  it('names an empty file', async () => {
    expect(await problem(new Uint8Array(0))).toContain('is empty (0 bytes)')
  })

  it('names text and other formats for what they are', async () => {
    const text = Buffer.from('Dear all,\nplease find attached the picture of the cat.')
    expect(await problem(text)).toBe(
      'cat.jpg is no JPEG, PNG, WebP, GIF, AVIF, BMP, PNM or TIFF picture but text ("Dear all, please find at"); convert or remove it',
    )
    expect(await problem(Buffer.from('II+\0....'))).toContain('but a BigTIFF picture; convert')
    expect(await problem(Buffer.from('II*\0....'))).toContain('its header is cut off or damaged')
    expect(await problem(Buffer.from([0, 1, 2, 3, 4]))).toContain('the bytes 00 01 02 03')
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    expect(await problem(Buffer.from(svg))).toContain('but text ("<svg xmlns=')
  })

  it.each([
    ['noise.jpg', 0.9],
    ['noise.jpg', 0.6],
    ['progressive.jpg', 0.8],
    ['rgb.png', 0.7],
    ['lossy.webp', 0.7],
  ])('says that %s is cut off after %d of it', async (name, share) => {
    const bytes = file(name)
    const message = await problem(bytes.subarray(0, Math.floor(bytes.length * share)))
    expect(message).toMatch(
      /is a (JPEG|PNG|WEBP) picture that is cut off or damaged \(.+\); restore/,
    )
  })

  it.each(['noise.jpg', 'rgb.png', 'lossy.webp'])('survives %s cut off anywhere', async (name) => {
    const bytes = file(name)
    for (let length = 1; length < bytes.length - 2; length += 13) {
      expect(await problem(bytes.subarray(0, length)), `${length} bytes`).toContain('cat.jpg')
    }
  })

  it('refuses a picture of 20,000 × 20,000 by its header', async () => {
    const bytes = blackPng(20_000, 20_000)
    const start = performance.now()
    expect(await problem(bytes)).toBe(
      'cat.jpg is 20000×20000, more than the 178956970 pixels allowed; scale it down, or raise maxPixels if you trust it',
    )
    expect(performance.now() - start).toBeLessThan(200)
  })

  it('refuses a picture of more than a million pixels on a side by its header', async () => {
    const bytes = blackPng(2, 1_000_001)
    expect(await problem(bytes)).toBe(
      'cat.jpg is 2×1000001, more than the 1000000 pixels allowed on a side; cut it, or raise maxPixelsPerSide if you trust it',
    )
    const allowed = decodePicture(bytes, { maxPixelsPerSide: 1_000_001 })
    await expect(allowed).resolves.toMatchObject({ height: 1_000_001 })
  })

  it('takes other limits', async () => {
    const bytes = file('rgb.png') // 31 × 20
    await expect(decodePicture(bytes, { maxPixels: 619 })).rejects.toThrow(
      'more than the 619 pixels',
    )
    await expect(decodePicture(bytes, { maxPixels: 620 })).resolves.toMatchObject({ width: 31 })
    await expect(decodePicture(bytes, { minPixelsPerSide: 21 })).rejects.toThrow('at least 21×21')
  })

  it('refuses a picture of one pixel', async () => {
    expect(await problem(blackPng(1, 1))).toBe(
      'cat.jpg is 1×1, too small to be a picture; at least 2×2 is needed, so replace or remove it',
    )
    await expect(decodePicture(blackPng(2, 2))).resolves.toMatchObject({ width: 2, height: 2 })
    const allowed = decodePicture(blackPng(1, 1), { minPixelsPerSide: 1 })
    await expect(allowed).resolves.toMatchObject({ width: 1 })
  })
})

describe('readPicture and encodePng', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alexnet-data-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('reads what encodePng wrote', async () => {
    const picture = noisePicture(13, 9)
    const path = join(folder, 'noise.png')
    await writeFile(path, await encodePng(picture))
    const read = await readPicture(path)
    expect([read.width, read.height]).toEqual([13, 9])
    expect(checksum(read.data)).toBe(checksum(picture.data))
  })

  it('says which file is missing or is a folder', async () => {
    const missing = join(folder, 'nothing.jpg')
    await expect(readPicture(missing)).rejects.toThrow(`${missing} does not exist; check the path`)
    await expect(readPicture(missing)).rejects.toBeInstanceOf(PictureError)
    await expect(readPicture(folder)).rejects.toThrow('is a folder, not a picture')
  })
})
