// What the variants learn, against the totals of the paper and of torchvision.
import { expect, it } from 'vitest'
import { tableOf } from './tables.ts'

it.each([
  ['paper', 60_965_224],
  ['torchvision', 61_100_840],
  ['lenet-5', 62_006],
])('counts what %s learns', (variant, parameters) => {
  const table = tableOf(variant)
  expect(table.parameters).toBe(parameters)
  expect(table.variants).toContain(variant)
})

it('knows what a filter sees in groups', () => {
  const { layers } = tableOf('paper')
  // 256 filters of 5×5 over 48 of the 96 maps, and a bias each.
  expect(layers[1]).toEqual({
    name: 'features.4',
    weight: [256, 48, 5, 5],
    groups: 2,
    parameters: 307_456,
  })
})
