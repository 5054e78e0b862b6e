// From a recipe's records to what computes: its optimiser and its schedule.

import { AdamW } from './adamw.ts'
import type { Optimizer } from './optimizer.ts'
import type { Recipe } from './recipes.ts'
import { createSchedule, type Schedule, withWarmUp } from './schedule.ts'
import { Sgd } from './sgd.ts'

/** The optimiser that a recipe asks for, its rules included. */
export function createOptimizer({
  optimizer,
  learningRate,
  rules = [],
}: Pick<Recipe, 'optimizer' | 'learningRate' | 'rules'>): Optimizer {
  const { kind, ...options } = optimizer
  return kind === 'sgd'
    ? new Sgd({ ...options, learningRate, rules })
    : new AdamW({ ...options, learningRate, rules })
}

/** The schedule that a recipe asks for, its warm-up included. */
export function scheduleOf({
  schedule,
  learningRate,
  warmUpEpochs = 0,
  epochs,
}: Pick<Recipe, 'schedule' | 'learningRate' | 'warmUpEpochs' | 'epochs'>): Schedule {
  const main = createSchedule(schedule, learningRate)
  return warmUpEpochs > 0 ? withWarmUp(main, Math.min(1, warmUpEpochs / epochs)) : main
}
