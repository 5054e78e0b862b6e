import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import * as operations from '../functional.ts'
import type { Picture } from '../picture.ts'
import {
  type Case,
  checksum,
  fixturePicture,
  noisePicture,
  readFixture,
  runCase,
} from '../testing.ts'

type Fixture = Case & {
  size: [width: number, height: number]
  /** Over the results on all pictures, one after the other. */
  crc?: number
  /** In levels of 0 to 255; then `data` is the first picture's result. */
  tolerance?: number
  data?: string
}
const { groups } = readFixture<{ groups: { pictures: string[]; cases: Fixture[] }[] }>(
  'operations.json',
)

/** A line for people: what is done, with what. */
function describeCase(fixture: Fixture): string {
  if ('operation' in fixture) return `${fixture.operation}(${JSON.stringify(fixture.arguments)})`
  const { name, settings } = fixture.transform
  return `${name}(${JSON.stringify(settings)}) ${JSON.stringify(fixture.parameters)}`
}

describe.each(groups)('operations on $pictures', ({ pictures, cases }) => {
  const sources = pictures.map(fixturePicture)

  it.each(cases.map((fixture) => ({ name: describeCase(fixture), fixture })))(
    '$name equals torchvision',
    ({ fixture }) => {
      const kept = structuredClone(sources)
      const results = sources.map((picture) => runCase(fixture, picture))
      for (const { width, height } of results) expect([width, height]).toEqual(fixture.size)
      if (fixture.data === undefined) {
        const bytes = Buffer.concat(results.map(({ data }) => data))
        expect(checksum(new Uint8Array(bytes))).toBe(fixture.crc)
      } else {
        const expected = inflateSync(Buffer.from(fixture.data, 'base64'))
        expect(greatestDifference(results[0]!.data, expected)).toBeLessThanOrEqual(
          fixture.tolerance!,
        )
      }
      expect(sources).toEqual(kept)
    },
  )
})

describe('operations', () => {
  it('refuse parameters that make no sense', () => {
    const picture = noisePicture(5, 4)
    const refused: [() => Picture, string][] = [
      ...[9, -1, 1.5, Number.NaN].map((bits): [() => Picture, string] => [
        () => operations.posterize(picture, bits),
        `bits must be a whole number from 0 to 8, not ${bits}`,
      ]),
      ...[-1, Number.NaN, Number.POSITIVE_INFINITY].map((factor): [() => Picture, string] => [
        () => operations.adjustBrightness(picture, factor),
        `must be a number from 0 up, not ${factor}`,
      ]),
      [() => operations.adjustHue(picture, 0.6), 'from -0.5 to 0.5, not 0.6'],
      [() => operations.adjustContrast(picture, -1), 'must be a number from 0 up, not -1'],
      [() => operations.gaussianBlur(picture, { kernelSize: 4 }), 'odd whole numbers, not 4'],
      [
        () => operations.gaussianBlur(picture, { kernelSize: 3, sigma: 0 }),
        'sigma must be above 0',
      ],
      [() => operations.rotate(picture, Number.NaN), 'the angle must be a number, not NaN'],
      [() => operations.affine(picture, { scale: 0 }), 'scale must be above 0, not 0'],
      [
        () =>
          operations.perspective(
            picture,
            [
              [0, 0],
              [4, 0],
              [4, 3],
              [0, 3],
            ],
            [
              [0, 0],
              [1, 1],
              [2, 2],
              [0, 3],
            ],
          ),
        'three of them lie on a line',
      ],
    ]
    for (const [run, message] of refused) expect(run).toThrow(message)
  })

  it('blur a picture that is smaller than half the kernel', () => {
    const plain = { width: 2, height: 1, data: new Uint8Array([9, 90, 200, 9, 90, 200]) }
    expect(operations.gaussianBlur(plain, { kernelSize: 11, sigma: 3 })).toEqual(plain)
  })

  it('leave a picture too small for the sharpening kernel as it is', () => {
    const picture = noisePicture(2, 9)
    expect(operations.adjustSharpness(picture, 3)).toEqual(picture)
  })

  it('erase with noise that the seed determines', () => {
    const black = { width: 30, height: 30, data: new Uint8Array(2700) }
    const box = { left: 2, top: 3, width: 20, height: 25 }
    const first = operations.erase(black, box, { noiseSeed: 7 })
    expect(operations.erase(black, box, { noiseSeed: 7 })).toEqual(first)
    expect(operations.erase(black, box, { noiseSeed: 8 })).not.toEqual(first)
    const noise = [...first.data].filter((_, at) => at % 90 >= 6 && at % 90 < 66 && at >= 270)
    const inside = noise.slice(0, 25 * 60)
    const mean = inside.reduce((sum, byte) => sum + byte, 0) / inside.length
    expect(Math.abs(mean - 127.5)).toBeLessThan(6) // 3 standard errors of 1500 even bytes: 5.7
    expect(first.data.slice(0, 270).every((byte) => byte === 0)).toBe(true)
  })
})

function greatestDifference(found: Uint8Array, expected: Uint8Array): number {
  expect(found.length).toBe(expected.length)
  return found.reduce((most, byte, at) => Math.max(most, Math.abs(byte - expected[at]!)), 0)
}
