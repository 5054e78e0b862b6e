import { describe, expect, it } from 'vitest'
import {
  adaptiveWindow,
  reach,
  tensorPadding,
  type WindowAxis,
  windowAxes,
  windowCount,
} from './window.ts'

const axis = (size: number, stride: number, padding = 0, ceilMode = false) =>
  windowAxes({ size: [size, size], stride, padding, ceilMode })[0]

describe('windowCount', () => {
  it("gives AlexNet's sizes", () => {
    expect(windowCount(227, axis(11, 4))).toBe(55)
    expect(windowCount(224, axis(11, 4, 2))).toBe(55)
    expect(windowCount(224, axis(11, 4))).toBe(54)
    expect(windowCount(224, axis(11, 4, 0, true))).toBe(55)
    expect([55, 27, 13].map((length) => windowCount(length, axis(3, 2)))).toEqual([27, 13, 6])
    expect([32, 16, 8].map((length) => windowCount(length, axis(3, 2, 0, true)))).toEqual([
      16, 8, 4,
    ])
  })

  it('counts the windows that fit, found one by one', () => {
    for (const [size, stride, before, after] of [
      [3, 2, 0, 0],
      [2, 3, 1, 0],
      [5, 1, 0, 2],
      [1, 4, 1, 1],
    ] as const) {
      for (let length = 1; length <= 20; length++) {
        for (const ceilMode of [false, true]) {
          const setting: WindowAxis = { size, stride, before, after, ceilMode }
          let count = 0
          for (let start = -before; ; start += stride) {
            const fits = start + size <= length + after
            // Rounding up keeps the next window where one left pixels over, if it starts inside.
            const isKept = start < length && start - stride + size < length + after
            if (!(ceilMode ? isKept : fits)) break
            count++
          }
          expect(
            Math.max(windowCount(length, setting), 0),
            JSON.stringify({ length, setting }),
          ).toBe(count)
        }
      }
    }
  })
})

describe('padding for TensorFlow.js', () => {
  it('is one number when sides are equal and no window sticks out', () => {
    const axes = windowAxes({ size: [3, 3], stride: 2, padding: 1, ceilMode: true })
    expect(tensorPadding([7, 7], axes)).toBe(1)
    expect(
      tensorPadding([55, 55], windowAxes({ size: [3, 3], stride: 2, padding: 0, ceilMode: true })),
    ).toBe(0)
  })

  it('is never one number for windows that are not square', () => {
    const axes = windowAxes({ size: [1, 4], stride: 3, padding: 3, ceilMode: false })
    expect(tensorPadding([7, 4], axes)).toEqual([
      [0, 0],
      [3, 3],
      [3, 3],
      [0, 0],
    ])
  })

  it('reaches to the end of the last window', () => {
    const axes = windowAxes({ size: [11, 11], stride: 4, padding: 0, ceilMode: true })
    expect(tensorPadding([224, 227], axes)).toEqual([
      [0, 0],
      [0, 3],
      [0, 0],
      [0, 0],
    ])
    expect(reach(224, axes[0])).toEqual([0, 3])
  })
})

describe('adaptiveWindow', () => {
  it('covers every pixel, in order', () => {
    for (const [input, output] of [
      [13, 6],
      [6, 6],
      [1, 6],
      [7, 3],
    ] as const) {
      const windows = Array.from({ length: output }, (_, i) => adaptiveWindow(i, input, output))
      expect(windows[0]![0]).toBe(0)
      expect(windows.at(-1)![1]).toBe(input)
      for (const [start, end] of windows) expect(end).toBeGreaterThan(start)
      for (const [i, [start]] of windows.entries()) {
        if (i > 0) expect(start).toBeLessThanOrEqual(windows[i - 1]![1])
      }
    }
  })
})
