// A share of the random programs; `node scripts/random-programs.ts --count 20000` runs as many as one likes.

import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import * as tf from '@tensorflow/tfjs'
import { afterAll, expect, it } from 'vitest'
import { comparePrograms } from './compare.ts'

afterAll(() => tf.removeBackend('alexnet-cpu'))

it('80 random programs give what they give on tfjs cpu, and hold as much', async () => {
  const { name } = await useBackend([cpu({ threads: 2 })])
  expect(await comparePrograms(name, { first: 1, count: 80 }, { tolerance: 1e-5 })).toEqual([])
})
