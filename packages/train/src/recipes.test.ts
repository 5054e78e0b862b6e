import { createAlexNet } from '@alexnet/core'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, it } from 'vitest'
import { AdamW } from './adamw.ts'
import { trainableWeights } from './checkpoint.ts'
import { createOptimizer, scheduleOf } from './from-recipe.ts'
import { getRecipe, type Recipe, recipes } from './recipes.ts'
import { Sgd } from './sgd.ts'
import { checkRules } from './weight-rules.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

it('every recipe survives JSON, and its rules fit the network that it is for', () => {
  for (const [name, recipe] of Object.entries(recipes) as [string, Recipe][]) {
    expect(JSON.parse(JSON.stringify(recipe)), name).toEqual(recipe)
    const optimizer = createOptimizer(recipe)
    if (!recipe.rules) continue
    const variant = recipe.variant ?? 'cifar'
    // One class and no values: names are what counts.
    const model = createAlexNet({ variant, classes: 1, initialize: false })
    expect(
      () => checkRules(optimizer.rules, [...trainableWeights(model).keys()]),
      name,
    ).not.toThrow()
    model.dispose()
  }
})

it('cifar10 is what the bundled model began with', () => {
  const schedule = scheduleOf(recipes.cifar10)
  const steps = 100 * 391
  const rates = Array.from({ length: steps }, (_, step) => schedule(step, steps))
  expect(Math.max(...rates)).toBeCloseTo(0.05, 6)
  expect(rates.indexOf(Math.max(...rates))).toBe(Math.round(0.1 * steps) - 1)
  const optimizer = createOptimizer(recipes.cifar10) as Sgd
  expect(optimizer).toBeInstanceOf(Sgd)
  expect([optimizer.momentum, optimizer.nesterov, optimizer.weightDecay]).toEqual([0.9, true, 5e-4])
  expect(optimizer.treatment('features.0.bias').weightDecay).toBe(5e-4)
  expect(recipes.cifar10).toMatchObject({ dropout: 0.5, labelSmoothing: 0.1, averageDecay: 0.999 })
})

it('biases of 2012 learn twice as fast and are not decayed', () => {
  const optimizer = createOptimizer(getRecipe('krizhevsky-2012'))
  expect(optimizer.treatment('features.0.bias')).toMatchObject({ learningRate: 2, weightDecay: 0 })
  expect(optimizer.treatment('features.0.weight')).toMatchObject({
    learningRate: 1,
    weightDecay: 5e-4,
  })
})

it('warms up before the schedule, makes AdamW, and names the recipes that there are', () => {
  const warmed = scheduleOf({ ...recipes.small, schedule: { kind: 'constant' }, warmUpEpochs: 5 })
  const rates = Array.from({ length: 10 }, (_, step) => warmed(step, 10))
  expect(rates[0]).toBeLessThan(0.001)
  expect(rates[4]).toBeLessThan(0.02)
  expect(rates.slice(5)).toEqual(new Array(5).fill(0.02))
  const adam = createOptimizer({
    optimizer: { kind: 'adamw', weightDecay: 0.1 },
    learningRate: 0.5,
  })
  expect(adam).toBeInstanceOf(AdamW)
  expect([adam.learningRate, adam.weightDecay]).toEqual([0.5, 0.1])
  expect(() => new AdamW({ beta1: 1 })).toThrow(/beta1 must be in/)
  expect(() => new AdamW({ epsilon: 0 })).toThrow(/epsilon/)
  expect(() => getRecipe('papre')).toThrow(/no recipe 'papre': choose one of paper,/)
})
