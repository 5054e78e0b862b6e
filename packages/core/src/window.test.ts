import { describe, expect, it } from 'vitest'
import {
  adaptiveWindow,
  bothSides,
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

describe('the settings of a layer', () => {
  it('are those of its rows and of its columns', () => {
    const settings = { size: [3, 5], stride: 2, ceilMode: true } as const
    const both = { stride: 2, ceilMode: true }
    expect(windowAxes({ ...settings, padding: 1 })).toEqual([
      { ...both, size: 3, before: 1, after: 1 },
      { ...both, size: 5, before: 1, after: 1 },
    ])
    const padding = [
      [1, 2],
      [3, 4],
    ] as const
    expect(windowAxes({ ...settings, padding })).toEqual([
      { ...both, size: 3, before: 1, after: 2 },
      { ...both, size: 5, before: 3, after: 4 },
    ])
    const sides = bothSides(padding)
    expect(sides).toEqual(padding)
    expect(sides).not.toBe(padding)
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
  // Where torch.nn.functional.adaptive_avg_pool1d of the identity is not 0.
  it.each([
    [13, 6, '0-3 2-5 4-7 6-9 8-11 10-13'],
    [7, 3, '0-3 2-5 4-7'],
    [5, 4, '0-2 1-3 2-4 3-5'],
    [6, 6, '0-1 1-2 2-3 3-4 4-5 5-6'],
    [1, 6, '0-1 0-1 0-1 0-1 0-1 0-1'],
  ])('takes of %i pixels for %i those that PyTorch takes', (input, output, expected) => {
    const windows = Array.from({ length: output }, (_, i) => adaptiveWindow(i, input, output))
    expect(windows.map(([start, end]) => `${start}-${end}`).join(' ')).toBe(expected)
  })
})
