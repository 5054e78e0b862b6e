// What a run validates on is never what it trains on, however the pictures lie: drawn ones with a test part of their
// own, a folder of both packed parts, one packed part alone.

import { join } from 'node:path'
import { type Dataset, packDataset, shapes } from '@alexnet/data'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { temporaryFolder } from '../testing/run.ts'
import type { RunSettings } from './run-settings.ts'
import { openTrainingData } from './training-data.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeEach(async () => {
  folder = await temporaryFolder()
  for (const [split, count] of [
    ['train', 200],
    ['test', 80],
  ] as const) {
    await packDataset(shapes({ count, split }), join(folder.path, `${split}.alexpack`))
  }
})
afterEach(() => folder.remove())

const pathsOf = (dataset: Dataset) =>
  new Set(Array.from({ length: dataset.length }, (_, at) => dataset.path(at)))

it.each([
  ['drawn pictures', 'shapes:200:80', undefined, 200, 80],
  ['a folder of two packed parts', '.', undefined, 200, 80],
  ['drawn pictures, a share asked for', 'shapes:200:80', 0.25, 150, 50],
  ['two packed parts, a share asked for', '.', 0.25, 150, 50],
  ['the packed training part alone', 'train.alexpack', undefined, 180, 20],
  ['the packed training part alone, a share asked for', 'train.alexpack', 0.25, 150, 50],
  ['the packed test part alone', 'test.alexpack', 0.25, 60, 20],
] as const)('of %s, none is in both', async (_, name, share, trained, kept) => {
  const path = name.startsWith('shapes') ? name : join(folder.path, name)
  const first = await openTrainingData(path, { out: 'run', validation: share }, undefined)
  const { training, validation, fingerprint } = first
  expect([training.length, validation!.length]).toEqual([trained, kept])
  const paths = pathsOf(training)
  expect([...pathsOf(validation!)].filter((path) => paths.has(path))).toEqual([])
  // Going on takes the same pictures.
  const stored = { fingerprint, validation: share ?? 0.1, seed: 0, limit: null } as RunSettings
  const again = await openTrainingData(path, { out: 'run' }, stored)
  expect(again.fingerprint).toBe(fingerprint)
  expect(pathsOf(again.training)).toEqual(paths)
  expect(pathsOf(again.validation!)).toEqual(pathsOf(validation!))
})
