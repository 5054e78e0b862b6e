import { describe, expect, it } from 'vitest'
import { type Fill, fillColor, foldPosition, requireFill, requirePaddingMode } from './padding.ts'

describe('what lies beyond the edge', () => {
  // numpy.pad(numpy.arange(length), 6, mode=mode).
  it.each([
    ['edge', 1, '0000000000000'],
    ['edge', 2, '00000001111111'],
    ['edge', 4, '0000000123333333'],
    ['reflect', 1, '0000000000000'],
    ['reflect', 2, '01010101010101'],
    ['reflect', 3, '210121012101210'],
    ['reflect', 4, '0123210123210123'],
    ['symmetric', 1, '0000000000000'],
    ['symmetric', 2, '10011001100110'],
    ['symmetric', 3, '012210012210012'],
    ['symmetric', 4, '2332100123321001'],
  ] as const)('is by %s of %i pixels what NumPy pads', (mode, length, expected) => {
    const found = Array.from({ length: length + 12 }, (_, at) => foldPosition(at - 6, length, mode))
    expect(found.join('')).toBe(expected)
  })
})

describe('a colour', () => {
  it('fills all channels alike or each with its own', () => {
    const data = new Uint8Array(9)
    fillColor(data, 7.9)
    expect([...data]).toEqual(new Array(9).fill(7))
    fillColor(data, [1, 2.9, 255])
    expect([...data]).toEqual([1, 2, 255, 1, 2, 255, 1, 2, 255])
  })

  it.each<[unknown]>([[undefined], [0], [255], [0.5], [[0, 0, 0]], [[255, 255, 255]]])(
    'may be %j',
    (fill) => {
      expect(() => requireFill('pad', fill as Fill)).not.toThrow()
    },
  )

  it.each<[unknown]>([
    [-1],
    [256],
    [Number.NaN],
    ['1'],
    [null],
    [[1, 2]],
    [[1, 2, 3, 4]],
    [[1, 2, -1]],
    [[1, 256, 3]],
    [[1, 2, '3']],
    [[1, 2, null]],
    [{ length: 3, 0: 1, 1: 2, 2: 3 }],
  ])('may not be %j', (fill) => {
    expect(() => requireFill('pad', fill as Fill)).toThrow(RangeError)
    expect(() => requireFill('pad', fill as Fill)).toThrow('pad: fill must be a grey of 0 to 255')
    expect(() => requireFill('pad', fill as Fill, 'background')).toThrow('pad: background must be')
  })
})

it('there are four modes and no more', () => {
  for (const mode of [undefined, 'constant', 'edge', 'reflect', 'symmetric'] as const) {
    expect(() => requirePaddingMode('pad', mode)).not.toThrow()
  }
  expect(() => requirePaddingMode('pad', 'wrap' as 'edge')).toThrow(
    'pad: paddingMode must be one of constant, edge, reflect, symmetric, not "wrap"',
  )
})
