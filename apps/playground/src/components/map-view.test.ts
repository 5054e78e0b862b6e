// What of a map is in view, and what a lasso holds.
import { expect, it } from 'vitest'
import { inside, moved, whole, zoomed } from './map-view.ts'

it('keeps the place under the pointer where it is', () => {
  const about = { x: 0.3, y: -0.2 }
  const under = ({ x, y, zoom }: typeof whole) => [x + about.x / zoom, y + about.y / zoom]
  const near = zoomed(whole, 2.5, about)
  expect(near.zoom).toBe(2.5)
  for (const [axis, value] of under(near).entries())
    expect(value).toBeCloseTo(under(whole)[axis]!, 12)
  expect(zoomed(near, 1e9, about).zoom).toBe(40)
})

it('moves no further than the map goes', () => {
  expect(moved({ x: 0.5, y: 0.5, zoom: 2 }, 0.5, 0)).toEqual({ x: 0.75, y: 0.5, zoom: 2 })
  expect(moved(whole, 3, -3)).toMatchObject({ x: 1, y: 0 })
})

it('holds what is inside a lasso, hollows left out', () => {
  const u = [
    ...[
      [0, 0],
      [4, 0],
      [4, 4],
      [3, 4],
      [3, 1],
      [1, 1],
      [1, 4],
      [0, 4],
    ].map(([x, y]) => ({
      x: x!,
      y: y!,
    })),
  ]
  expect(inside({ x: 0.5, y: 3 }, u)).toBe(true)
  expect(inside({ x: 2, y: 0.5 }, u)).toBe(true)
  expect(inside({ x: 2, y: 3 }, u)).toBe(false)
  expect(inside({ x: 5, y: 0.5 }, u)).toBe(false)
})
