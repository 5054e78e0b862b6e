// What the variants learn, against the totals of the paper and of torchvision.
import { createAlexNet, describeModel } from '@alexnet/core'
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
    input: [27, 27, 96],
    parameters: 307_456,
  })
})

it('knows what each layer takes, as the built network does', () => {
  // The others learn 60 million numbers each.
  const small = ['lenet-5', 'cifar', 'cifar-paper'] as const
  for (const variant of small) {
    const network = createAlexNet({ variant })
    const { layers } = describeModel(network)
    for (const { name, input } of tableOf(variant).layers) {
      const before = layers[layers.findIndex((layer) => layer.name === name) - 1]
      if (before) expect(input, `${variant} ${name}`).toEqual(before.outputShape)
    }
    network.dispose()
  }
  const sizes = tableOf('paper').layers.map(({ input }) => input)
  expect(sizes.slice(2, 6)).toEqual([[13, 13, 256], [13, 13, 384], [13, 13, 384], [9216]])
})
