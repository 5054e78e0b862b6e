// Files that decoders read differently, held to what Pillow reads of them or to its refusal; what is in them is in
// scripts/make-odd-pictures.py. The same in a page: ../browser/loader.browser.test.ts.

import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { PictureError } from '../picture.ts'
import { pictureExtensions } from '../picture-header.ts'
import { type OddPictureCase, readFixture } from '../testing.ts'
import { decodePicture } from './picture-list.ts'

const { cases } = readFixture<{ cases: OddPictureCase[] }>('odd-pictures.json')

describe('decodePicture on odd files', () => {
  it.each(cases)('reads or refuses as Pillow does: $name', async (one) => {
    const decoding = decodePicture(Buffer.from(one.file, 'base64'), { path: one.name })
    if ('refused' in one) {
      const error = await decoding.then(
        () => expect.fail(`it was decoded; Pillow: ${one.refused}`),
        (reason: unknown) => reason,
      )
      expect(error).toBeInstanceOf(PictureError)
      expect((error as Error).message).toMatch(/^\S+ [^\n]*(cut off or damaged)[^\n]*$/)
      return
    }
    const { width, height, data } = await decoding
    expect([width, height]).toEqual([one.width, one.height])
    const expected = inflateSync(Buffer.from(one.data, 'base64'))
    const worst = data.reduce((most, byte, at) => Math.max(most, Math.abs(byte - expected[at]!)), 0)
    // Decoders of AVIF round each in its own way.
    expect(worst).toBeLessThanOrEqual(one.name.endsWith('.avif') ? 2 : 0)
  })

  it('knows the endings of all of them', () => {
    for (const { name } of cases) expect(pictureExtensions).toContain(name.split('.').at(-1))
  })
})
