import { createAlexNet } from '@alexnet/core'
import { expect, it } from 'vitest'
import { bytesPerStep, chooseParallel } from './bytes.ts'

it("counts what a step of torchvision's network moves", () => {
  const model = createAlexNet({ variant: 'torchvision', initialize: false })
  const of = (parallel: 'data' | 'hybrid') => bytesPerStep(model, { parallel, ranks: 4, batch: 64 })
  // 61,100,840 weights of 4 bytes; an all-reduce of 4 ranks sends them 2 · 3/4 times.
  expect(of('data')).toEqual({ payload: 244_403_360, sent: 366_605_040 })
  // 2,469,696 weights in convolutions; of 16 pictures a rank 9216, 4096 and 4096 numbers there and back, 1000 there.
  const activations = 16 * 4 * (2 * 9216 + 2 * 4096 + 2 * 4096 + 1000)
  expect(of('hybrid').payload).toBe(4 * 2_469_696 + activations)
  expect(of('hybrid').sent).toBe(1.5 * 4 * 2_469_696 + 3 * activations)
  expect(chooseParallel(model, { ranks: 4, batch: 64 })).toBe('hybrid')
  expect(chooseParallel(model, { ranks: 64, batch: 64 * 16 })).toBe('hybrid')
  // Activations grow with the whole batch.
  expect(chooseParallel(model, { ranks: 64, batch: 64 * 64 })).toBe('data')
  model.dispose()
})
