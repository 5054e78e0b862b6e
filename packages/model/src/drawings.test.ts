// How methods of explanation are drawn: the same map in every layout, of the class that is explained, and of pictures
// that are looked among those that are nearest.

import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { type Dataset, type Picture, pictureList, shapes } from '@alexnet/data'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ExplainOptions, Explanation } from './explanation.ts'
import { type ExplainMethod, type Model, openModel } from './index.ts'

const SIDE = 64
let model: Model
let pictures: Dataset
let picture: Picture
beforeAll(async () => {
  await useBackend([cpu({ threads: 1 })])
  model = await openModel('cifar10')
  const drawn = shapes({ count: 12, size: 32, seed: 3 })
  const list = await Promise.all(Array.from({ length: 12 }, (_, i) => drawn.load(i)))
  pictures = pictureList(list.map((each, i) => ({ picture: each, name: `drawn ${i}` })))
  picture = list[5]!
})
afterAll(() => model.dispose())

const explain = (method: ExplainMethod, options: ExplainOptions = {}) =>
  model.explain(picture, { method, side: SIDE, steps: 8, size: 12, stride: 10, ...options })

/** A square of a drawing, from a corner. */
function square({ width, data }: Picture, left: number, top: number, side: number): number[] {
  return Array.from({ length: side }, (_, y) => {
    const from = ((top + y) * width + left) * 3
    return [...data.subarray(from, from + side * 3)]
  }).flat()
}
const whole = ({ data }: Picture) => [...data]
const left = ({ picture: drawn }: Explanation) => square(drawn, 8, 8, SIDE)
const right = ({ picture: drawn }: Explanation) => square(drawn, 16 + SIDE, 8, SIDE)

describe('on a picture', () => {
  it.each(['grad-cam', 'saliency', 'occlusion'] as const)(
    '%s is the same beside it, over it and alone',
    async (method) => {
      const [beside, over, alone] = [
        await explain(method),
        await explain(method, { layout: 'over' }),
        await explain(method, { layout: 'alone' }),
      ]
      expect([beside.picture.width, beside.picture.height]).toEqual([2 * SIDE + 24, SIDE + 16])
      expect(left(beside)).toEqual(left(await explain('grad-cam')))
      expect(right(beside)).toEqual(whole(over.picture))
      expect(whole(alone.picture)).not.toEqual(whole(over.picture))
      expect(over.map).toEqual(beside.map)
      const [first] = await model.classify(picture)
      expect(beside.target).toMatchObject({ index: first!.index, label: first!.label })
      expect(beside.target!.probability).toBeCloseTo(first!.probability, 5)
    },
  )

  it.each(['guided-backprop', 'guided-grad-cam', 'integrated-gradients'] as const)(
    '%s hides it: beside it, or alone, of the class that was asked for',
    async (method) => {
      const beside = await explain(method, { target: 'ship' })
      const alone = await explain(method, { target: 8, layout: 'alone' })
      expect(left(beside)).toEqual(left(await explain('grad-cam')))
      expect(right(beside)).toEqual(whole(alone.picture))
      expect(alone.target).toEqual(beside.target)
      const all = await model.classify(picture, { topK: 10 })
      const ship = all.find(({ label }) => label === 'ship')!
      expect(beside.target).toMatchObject({ index: 8, label: 'ship' })
      expect(beside.target!.probability).toBeCloseTo(ship.probability, 5)
    },
  )

  it('the field of a unit is outlined, and nothing within it is painted over', async () => {
    const { picture: drawn } = await explain('receptive-field', {
      layer: 'features.3',
      unit: { row: 7, column: 7 },
    })
    const plain = left(await explain('grad-cam'))
    const changed = whole(drawn).flatMap((value, at) =>
      value === plain[at] ? [] : [Math.floor(at / 3)],
    )
    const [rows, columns] = [
      changed.map((at) => Math.floor(at / SIDE)),
      changed.map((at) => at % SIDE),
    ]
    const box = { top: Math.min(...rows), bottom: Math.max(...rows) }
    expect(box.top).toBeGreaterThan(0)
    expect(box.bottom - box.top).toBeGreaterThan(8)
    const middle = (box.top + box.bottom) >> 1
    const across = changed.filter((at) => Math.floor(at / SIDE) === middle).map((at) => at % SIDE)
    const [start, end] = [Math.min(...columns), Math.max(...columns)]
    expect(across.every((x) => x < start + 4 || x > end - 4)).toBe(true)
  })

  it('maps of a layer are all there, the first one of none named', async () => {
    const first = await explain('feature-maps')
    const map = first.map as { channels: number; width: number }
    expect(first.layer).toBe('features.0')
    const columns = Math.ceil(Math.sqrt(map.channels))
    expect(first.picture.width).toBeGreaterThanOrEqual(columns * map.width)
    expect((await explain('feature-maps', { layer: 'features.3' })).layer).toBe('features.3')
  })
})

describe('among pictures', () => {
  it('the nearest to one of them is that one', async () => {
    const { picture: drawn } = await explain('neighbours', { pictures, count: 4 })
    const tile = (at: number) => square(drawn, 4 + at * 36, 4, 32)
    expect(tile(1)).toEqual(tile(0))
    for (const other of [2, 3, 4]) expect(tile(other)).not.toEqual(tile(0))
  })

  it('what excites a channel is cut out of as many as are asked for', async () => {
    const told: number[] = []
    const { picture: drawn, layer } = await model.explain(null, {
      method: 'top-patches',
      pictures,
      channel: 2,
      count: 4,
      limit: 6,
      layer: 'features.0',
      onProgress: (done, of) => told.push(done / of),
    })
    expect(layer).toBe('features.0')
    expect(told.at(-1)).toBe(1)
    expect(drawn.width).toBe(drawn.height)
    expect(new Set(drawn.data).size).toBeGreaterThan(10)
  })
})

it('the picture that a class likes is of that class to the network, more than grey is', async () => {
  const {
    map,
    picture: drawn,
    target,
  } = await model.explain(null, {
    method: 'class-visualization',
    target: 'frog',
    steps: 24,
    side: 32,
  })
  expect(target).toMatchObject({ index: 6, label: 'frog' })
  expect([drawn.width, drawn.height]).toEqual([32, 32])
  expect(map!.data).toHaveLength(32 * 32 * 3)
  const probability = async (seen: Picture) =>
    (await model.classify(seen, { topK: 10 })).find(({ label }) => label === 'frog')!.probability
  const grey = { width: 32, height: 32, data: new Uint8Array(32 * 32 * 3).fill(128) }
  expect(await probability(drawn)).toBeGreaterThan(await probability(grey))
  expect(await probability(drawn)).toBeGreaterThan(0.5)
})
