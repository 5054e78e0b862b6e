import { expect, it } from 'vitest'
import { Confusion, classAccuracies, countRight, meansOf, softmax } from './metrics.ts'

it('counts right answers among the best one and five, ties against the picture', () => {
  const row = (...values: number[]) => values
  const scores = [
    ...row(0, 1, 2, 3, 4, 5, 6),
    ...row(9, 1, 2, 3, 4, 5, 6),
    ...row(0, 0, 0, 0, 0, 0, 0),
    ...row(3, 1, 2, 4, 5, 6, 7),
  ]
  expect(countRight(scores, Int32Array.of(6, 0, 3, 0))).toEqual({ top1: 2, top5: 3 })
  expect(countRight(scores, Int32Array.of(0, 1, 0, 1))).toEqual({ top1: 0, top5: 0 })
  expect(countRight([Number.NaN, 1], Int32Array.of(0))).toEqual({ top1: 0, top5: 1 })
})

it('means are over pictures, and of nothing zero', () => {
  expect(meansOf({ pictures: 4, loss: 6, top1: 1, top5: 3 })).toEqual({
    pictures: 4,
    loss: 1.5,
    top1: 0.25,
    top5: 0.75,
  })
  expect(meansOf({ pictures: 0, loss: 0, top1: 0, top5: 0 }).loss).toBe(0)
})

it('accuracy by class; none where there are no pictures', () => {
  const confusion = new Confusion(3)
  confusion.add(2, 2, 2)
  confusion.add(0, 0, 3)
  confusion.add(0, 1)
  confusion.add(2, 0)
  confusion.add(2, 0)
  expect(classAccuracies(confusion)).toEqual([0.75, null, 0.5])
  expect(confusion.rows()).toEqual([
    [3, 1, 0],
    [0, 0, 0],
    [2, 0, 2],
  ])
  expect(JSON.parse(JSON.stringify(confusion))).toEqual(confusion.rows())
})

it("keeps only what was counted: all of ImageNet's classes take no table", () => {
  const classes = 21_841
  const confusion = new Confusion(classes)
  for (let label = 0; label < classes; label++) confusion.add(label, (label * 7) % classes)
  expect(JSON.parse(JSON.stringify(confusion)).slice(0, 2)).toEqual([
    [0, 0, 1],
    [1, 7, 1],
  ])
  expect(classAccuracies(confusion).filter((share) => share === 1)).toHaveLength(1)
})

it('softmax does not overflow', () => {
  const out = new Float64Array(3)
  softmax([7, 1000, 1000, 1000 + Math.log(2)], 1, 3, out)
  for (const [place, share] of [0.25, 0.25, 0.5].entries())
    expect(out[place]).toBeCloseTo(share, 12)
})
