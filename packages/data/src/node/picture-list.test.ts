import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { browserPlatform } from '../browser/platform.ts'
import { decodeFile, type PictureFile } from '../sources.ts'
import { noisePicture } from '../testing.ts'
import { encodePng } from './decode.ts'
import { decodePicture, pictureList, readPicture } from './picture-list.ts'

const picture = noisePicture(9, 7)
let png: Uint8Array<ArrayBuffer>
let folder: string
let path: string
beforeAll(async () => {
  png = new Uint8Array(await encodePng(picture))
  folder = await mkdtemp(join(tmpdir(), 'alexnet-picture-'))
  path = join(folder, 'noise.png')
  await writeFile(path, png)
})
afterAll(() => rm(folder, { recursive: true }))

const places = (): PictureFile[] => [
  png,
  Buffer.from(png),
  png.buffer,
  new Blob([png]),
  new File([png], 'noise.png'),
  path,
  pathToFileURL(path),
  pathToFileURL(path).href,
  `data:image/png;base64,${Buffer.from(png).toString('base64')}`,
]

describe('decodePicture', () => {
  it('takes a file by its bytes, as a Blob, by its path or URL, and so does a list', async () => {
    const list = pictureList(places().map((place) => ({ picture: place })))
    for (const [index, place] of places().entries()) {
      expect(await decodePicture(place)).toEqual(picture)
      expect(await list.load(index)).toEqual(picture)
    }
    expect(await readPicture(pathToFileURL(path))).toEqual(picture)
  })

  it('names the file that it cannot have', async () => {
    const missing = join(folder, 'absent.png')
    for (const place of [missing, pathToFileURL(missing)]) {
      await expect(decodePicture(place)).rejects.toThrow(`${missing} does not exist`)
    }
    const empty = new File([], 'empty.png')
    await expect(decodePicture(empty)).rejects.toThrow('empty.png is empty (0 bytes)')
  })

  it.each([
    [undefined, 'Undefined: give a path, a URL, a Blob'],
    [Promise.resolve(path), 'Promise: await it first'],
    [new Response(''), 'Response: give await response.blob()'],
    [{ src: 'cat.jpg' }, 'Object: give its src'],
    [picture, 'Object: these are pixels already'],
  ])('says what to do with what is no file: %s', async (value, message) => {
    await expect(decodePicture(value as unknown as PictureFile)).rejects.toThrow(message)
  })

  it('takes a plain path in a page for an address relative to it', async () => {
    const fetched: string[] = []
    vi.stubGlobal('location', new URL('https://example.org/app/index.html'))
    vi.stubGlobal('fetch', async (url: string) => {
      fetched.push(url)
      return new Response(new Uint8Array(0))
    })
    await expect(decodeFile('cat.jpg', browserPlatform, {})).rejects.toThrow('cat.jpg is empty')
    expect(fetched).toEqual(['https://example.org/app/cat.jpg'])
    vi.unstubAllGlobals()
  })
})
