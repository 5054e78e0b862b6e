import { describe, expect, it } from 'vitest'
import { OptionError } from '../errors.ts'
import type { HeatMap } from './maps.ts'
import { channelSum, magnitude } from './maps.ts'
import { colorize, colorsOf, colorTable, outline, overlay, sheet, unprepared } from './picture.ts'

const ramp: HeatMap = { height: 1, width: 3, data: Float32Array.of(-1, 0, 3) }

describe('colour maps', () => {
  it("have matplotlib's ends, and middle", () => {
    // matplotlib.cm: inferno(0), viridis(0), viridis(1.0), to 8 bits.
    expect([...colorTable('inferno').slice(0, 3)]).toEqual([0, 0, 4])
    expect([...colorTable('inferno').slice(-3)]).toEqual([252, 255, 164])
    expect([...colorTable('viridis').slice(0, 3)]).toEqual([68, 1, 84])
    expect([...colorTable('viridis').slice(-3)]).toEqual([253, 231, 37])
    expect([...colorTable('grey').slice(-3)]).toEqual([255, 255, 255])
  })

  it('get lighter from one end to the other', () => {
    for (const name of ['inferno', 'viridis', 'grey'] as const) {
      const table = colorTable(name)
      const light = Array.from({ length: 256 }, (_, i) => {
        const [r = 0, g = 0, b = 0] = table.subarray(i * 3, i * 3 + 3)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
      })
      expect(light.every((value, i) => i === 0 || value >= light[i - 1]! - 0.5)).toBe(true)
    }
  })

  it('span a map, or the limits given', () => {
    const { data } = colorize(ramp)
    expect([...data.slice(0, 3)]).toEqual([0, 0, 4])
    expect([...data.slice(6)]).toEqual([252, 255, 164])
    const clipped = colorize(ramp, { colors: 'grey', limits: [0, 1] })
    expect([...clipped.data]).toEqual([0, 0, 0, 0, 0, 0, 255, 255, 255])
  })

  it('put zero in the middle of red and blue', () => {
    const { data } = colorize(ramp, { colors: 'red-blue' })
    const [r = 0, g = 0, b = 0] = data.slice(3, 6)
    expect(Math.max(r, g, b) - Math.min(r, g, b)).toBeLessThan(8)
    expect(data[6]).toBeGreaterThan(data[8]!) // the largest is red
    expect(data[0]).toBeLessThan(data[2]!) // below zero is blue
  })

  it('show a map without differences in one colour', () => {
    const flat = { height: 1, width: 2, data: Float32Array.of(5, 5) }
    expect([...colorize(flat).data]).toEqual([0, 0, 4, 0, 0, 4])
  })
})

describe('pictures of maps', () => {
  it('undo the preparation', () => {
    const data = Float32Array.of((1 - 0.5) / 0.2, (0.5 - 0.4) / 0.1, 99)
    const options = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.1, 0.5] }
    expect([...unprepared({ height: 1, width: 1, data }, options).data]).toEqual([255, 128, 255])
    const two = { height: 1, width: 2, data: new Float32Array(6) }
    const mean = Float32Array.of(0, 0.2, 0.4, 0.6, 0.8, 1)
    const found = unprepared(two, { ...options, mean })
    expect([...found.data]).toEqual([0, 51, 102, 153, 204, 255])
  })

  it('centre filters on grey', () => {
    const data = Float32Array.of(-2, 0, 2)
    const map = { height: 1, width: 1, channels: 3, data }
    expect([...colorsOf(map).data]).toEqual([0, 128, 255])
    expect([...colorsOf(map, 4).data]).toEqual([64, 128, 191])
    expect(() => colorsOf({ ...map, channels: 1 })).toThrow(/only three channels are colours/)
  })

  it('leave the picture where it is cold', () => {
    const picture = { height: 1, width: 2, data: Uint8Array.of(10, 20, 30, 40, 50, 60) }
    const map = { height: 1, width: 2, data: Float32Array.of(0, 1) }
    const { data } = overlay(picture, map, { opacity: 1 })
    expect([...data]).toEqual([10, 20, 30, 252, 255, 164])
    expect(() => overlay(picture, ramp)).toThrow(OptionError)
  })

  it('lay tiles on a sheet', () => {
    const tile = (level: number) => ({ width: 1, height: 1, data: new Uint8Array(3).fill(level) })
    const { width, height, data } = sheet([tile(1), tile(2), tile(3)], { columns: 2, scale: 2 })
    expect([width, height]).toEqual([7, 7])
    const at = (x: number, y: number) => data[(y * width + x) * 3]
    expect([at(0, 0), at(1, 1), at(2, 2), at(3, 1), at(4, 1), at(1, 4), at(4, 4)]).toEqual([
      ...[255, 1, 1, 255, 2, 3, 255],
    ])
    expect(() => sheet([])).toThrow(/at least one/)
    expect(() => sheet([tile(1), ramp as never])).toThrow(/a sheet takes one size/)
  })

  it('frame a field', () => {
    const picture = { width: 4, height: 4, data: new Uint8Array(48) }
    const field = { top: 1, left: 1, height: 3, width: 3 }
    const { data } = outline(picture, field, { thickness: 1, color: [9, 9, 9] })
    const row = (y: number) => [0, 1, 2, 3].map((x) => data[(y * 4 + x) * 3])
    expect([row(0), row(1), row(2), row(3)]).toEqual([
      ...[
        [0, 0, 0, 0],
        [0, 9, 9, 9],
        [0, 9, 0, 9],
        [0, 9, 9, 9],
      ],
    ])
  })

  it('join the colours of a pixel', () => {
    const map = { height: 1, width: 1, channels: 3, data: Float32Array.of(-3, 1, 1) }
    expect([...magnitude(map).data]).toEqual([3])
    expect([...channelSum(map).data]).toEqual([-1])
  })
})
