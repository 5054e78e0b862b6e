// Which maps are shown of a layer, frame after frame.
import { expect, it } from 'vitest'
import { strongest } from './live.ts'

/** Two places of three channels. */
const frame = (...data: number[]) => ({
  height: 1,
  width: 2,
  channels: 3,
  data: Float32Array.from(data),
})

it('shows the maps whose mean over the last frames is largest', () => {
  const strengths = new Float32Array(3)
  // Means 1, 4 and 2.
  const first = strongest(frame(0, 8, 3, 2, 0, 1), strengths, 2)
  expect(first.map(({ channel }) => channel)).toEqual([1, 2])
  expect(first[0]!.pixels).toMatchObject({ width: 2, height: 1 })
  // The largest is the brightest of the colours, the least the darkest.
  const [bright, dark] = [first[0]!.pixels.data.slice(0, 3), first[0]!.pixels.data.slice(4, 7)]
  expect([...bright]).toEqual([253, 231, 37])
  expect([...dark]).toEqual([68, 1, 84])
  expect([...strengths].map((value) => value.toFixed(3))).toEqual(['0.100', '0.400', '0.200'])
  // One frame with another winner does not turn the order over, several do.
  const other = frame(0, 0, 5, 0, 0, 5)
  const order = () => strongest(other, strengths, 3).map(({ channel }) => channel)
  strongest(frame(0, 4, 4, 0, 4, 4), strengths, 3)
  expect(order()[0]).toBe(2)
  expect(strengths[0]!).toBeCloseTo(0.081, 6)
})
