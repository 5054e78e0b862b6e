import { expect, it } from 'vitest'
import { fromHalves, toHalves } from './float16.ts'

it('gives every half back', () => {
  const all = Uint16Array.from({ length: 65536 }, (_, half) => half)
  const numbers = new Float32Array(65536)
  fromHalves(all, numbers)
  const again = new Uint16Array(65536)
  toHalves(numbers, again)
  const isNumber = (half: number) => (half & 0x7fff) <= 0x7c00
  expect(again.filter((_, half) => isNumber(half))).toEqual(all.filter(isNumber))
})

it('rounds to the nearest, ties to even', () => {
  // 2049 lies between 2048 and 2050, 2051 between 2050 and 2052; 65519 is the last that is not infinite.
  const given = Float32Array.of(2049, 2051, 65519, 65520, 2 ** -25, 3 * 2 ** -25, -0.1)
  const halves = new Uint16Array(7)
  const back = new Float32Array(7)
  toHalves(given, halves)
  fromHalves(halves, back)
  expect([...back]).toEqual([2048, 2052, 65504, Infinity, 0, 2 ** -23, -0.0999755859375])
})
