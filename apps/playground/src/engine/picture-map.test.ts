// Maps of pictures, by features whose truth is known: planted duplicates and wrong labels, PCA beside NumPy's.
import { Random } from '@alexnet/data/transforms'
import { expect, it } from 'vitest'
import { thinClasses } from '../thin-classes.ts'
import { distancesOf, nearDuplicates, placesOf, suspectLabels } from './picture-map.ts'
import { projections } from './projections.ts'

const CLASSES = ['cat', 'dog', 'ship']
/** Three clouds of twenty points in 30 dimensions. */
function clouds() {
  const random = new Random(11)
  const middles = CLASSES.map(() => Array.from({ length: 30 }, () => random.normal()))
  const labels = Array.from({ length: 60 }, (_, index) => CLASSES[index % 3]!)
  const features = labels.map((_, index) =>
    Float32Array.from(middles[index % 3]!, (value) => value + 0.4 * random.normal()),
  )
  return { labels, features }
}

it('finds planted duplicates, and no others', () => {
  const { features } = clouds()
  const random = new Random(3)
  const near = features[7]!.map((value) => value + 0.01 * random.normal())
  const all = [...features, features[4]!.slice(), near]
  const pairs = nearDuplicates(distancesOf(all), all.length)
  expect(pairs.map(({ first, second }) => [first, second])).toEqual([
    [4, 60],
    [7, 61],
  ])
  expect(pairs[0]!.share).toBe(0)
  expect(nearDuplicates(distancesOf(features.slice(0, 2)), 2)).toEqual([])
})

it('finds planted wrong labels, and no others', () => {
  const { labels, features } = clouds()
  const planted = [5, 21, 40]
  const wrong = labels.map((label, index) =>
    planted.includes(index) ? CLASSES[(CLASSES.indexOf(label) + 1) % 3]! : label,
  )
  const found = suspectLabels(distancesOf(features), wrong)
  expect(found.map(({ index }) => index).sort((a, b) => a - b)).toEqual(planted)
  for (const { index, rival } of found) expect(rival).toBe(labels[index])
  // Who has no label is not judged, nor asked.
  expect(
    suspectLabels(
      distancesOf(features),
      labels.map(() => ''),
    ),
  ).toEqual([])
  // A class of one is not judged: nobody could speak for it.
  expect(suspectLabels(distancesOf(features), ['own', ...labels.slice(1)])).toEqual([])
})

it('lists classes with few pictures', () => {
  const labels = ['a', 'b', 'c'].flatMap((label, index) =>
    Array<string>([20, 9, 4][index]!).fill(label),
  )
  expect(thinClasses([...labels, ''])).toEqual([{ label: 'c', count: 4 }])
  const more = [...labels, ...Array<string>(22).fill('d')]
  expect(thinClasses(more)).toEqual([
    { label: 'c', count: 4 },
    { label: 'b', count: 9 },
  ])
  expect(thinClasses([])).toEqual([])
})

it('places points by PCA as NumPy does', () => {
  const rows = [
    [1, 2, 0.5, -1],
    [2, 0, 1.5, 3],
    [-1, 4, 2.5, 0],
    [0.5, 1, -3, 2],
    [3, -2, 1, 1],
    [0, 0, 0, 5],
  ]
  // x = a - a.mean(0); u, s, _ = numpy.linalg.svd(x, full_matrices=False); u[:, :2] * s[:2]
  const expected = [
    [2.411221, 0.938502],
    [-1.376362, 0.82547],
    [4.330786, -0.550646],
    [-0.972162, -2.170556],
    [-1.949512, 3.007833],
    [-2.443972, -2.050603],
  ]
  const found = placesOf(
    rows.map((row) => Float32Array.from(row)),
    'pca',
  )
  // The map is scaled and centred, and each direction may be mirrored: ratios of differences remain.
  const side = Math.max(
    ...[0, 1].map((axis) => {
      const values = expected.map((row) => row[axis]!)
      return Math.max(...values) - Math.min(...values)
    }),
  )
  for (const [axis, name] of (['x', 'y'] as const).entries()) {
    const sign = Math.sign(
      (found[0]![name] - found[1]![name]) * (expected[0]![axis]! - expected[1]![axis]!),
    )
    for (const [index, point] of found.entries()) {
      const difference = (expected[index]![axis]! - expected[0]![axis]!) / side
      expect(point[name] - found[0]![name]).toBeCloseTo(sign * difference, 3)
    }
  }
})

it.each(projections)('keeps classes together and is the same each time: %s', (by) => {
  const { labels, features } = clouds()
  const points = placesOf(features, by)
  expect(placesOf(features, by)).toEqual(points)
  for (const { x, y } of points) {
    for (const value of [x, y]) expect(value >= -1e-9 && value <= 1 + 1e-9).toBe(true)
  }
  const right = points.filter(({ x, y }, index) => {
    const distances = points.map((other) => Math.hypot(other.x - x, other.y - y))
    distances[index] = Infinity
    return labels[distances.indexOf(Math.min(...distances))] === labels[index]
  })
  expect(right.length).toBeGreaterThan(55)
})

it('places few pictures, and pictures that are all the same', () => {
  expect(placesOf([], 'umap')).toEqual([])
  expect(placesOf([new Float32Array(3)], 'umap')).toEqual([{ x: 0.5, y: 0.5 }])
  expect(placesOf(Array(7).fill(new Float32Array(3)), 'umap')).toEqual(
    Array(7).fill({ x: 0.5, y: 0.5 }),
  )
  const two = placesOf([Float32Array.of(0, 1), Float32Array.of(1, 0)], 'umap')
  expect(Math.abs(two[0]!.x - two[1]!.x)).toBeCloseTo(1, 6)
})
