// The measured side of the page of the paper: which runs stand beside which claim, and what they say.
import { expect, it } from 'vitest'
import {
  claims,
  type Experiment,
  type Group,
  meanCurve,
  measuredFor,
  verdict,
} from './experiments.ts'

const group = (name: string, errors: number[][], reached: number | null = null): Group => ({
  name,
  curves: errors.map((curve, seed) => ({ seed, errors: curve })),
  error: {
    mean: errors.reduce((sum, curve) => sum + curve.at(-1)!, 0) / errors.length,
    deviation: 0,
  },
  reached: reached === null ? null : { mean: reached, deviation: 0 },
})
const experiment = (name: string, groups: Group[], target: number | null = null): Experiment => ({
  name,
  title: name,
  claim: '',
  measure: target ? 'training' : 'test',
  target,
  groups,
})
const [relu, normalization] = claims as [(typeof claims)[0], (typeof claims)[0]]

it('says what is not measured', () => {
  expect(measuredFor(relu, [])).toEqual({
    measured: undefined,
    missing: ['relu', 'tanh', 'sigmoid'],
  })
  // A curve that there is nothing to compare with is not shown as an answer.
  const one = [experiment('ablations-long', [group('everything', [[20]])])]
  expect(measuredFor(normalization, one)).toEqual({ measured: undefined, missing: ['without LRN'] })
})

it('takes the runs of a claim, in its order', () => {
  const groups = ['LeNet-5', 'without LRN', 'everything'].map((name) => group(name, [[30, 20]]))
  const { measured, missing } = measuredFor(normalization, [experiment('ablations-long', groups)])
  expect(measured!.groups.map(({ name }) => name)).toEqual(['everything', 'without LRN'])
  expect(missing).toEqual([])
})

it('averages the runs that have got so far', () => {
  expect(meanCurve(group('relu', [[40, 20], [60]]), 3)).toEqual([50, 20, null])
})

it('says what the numbers say, those against the claim too', () => {
  const race = [group('relu', [[20]], 4), group('tanh', [[24]], 22), group('sigmoid', [[70, 60]])]
  expect(verdict(experiment('figure-1', race, 25))).toBe(
    'Training error of 25%: relu reaches it after 4.0 epochs; tanh takes 5.5 times as many epochs; sigmoid does not in 2, 0.5 times as many.',
  )
  const luck = [group('relu', [[20]], 4), group('tanh', [Array(12).fill(30), [26, 24]])]
  expect(verdict(experiment('figure-1', luck, 25))).toBe(
    'Training error of 25%: relu reaches it after 4.0 epochs; tanh does not always in 12, 3.0 times as many.',
  )
  const parts = [group('everything', [[18]]), group('without LRN', [[17.5]])]
  expect(verdict(experiment('ablations', parts))).toBe(
    'Test error at the end: 18.00% with everything; without LRN it is 0.50 points less.',
  )
  expect(verdict({ ...experiment('recipe-parts', parts), measure: 'kept-out' })).toMatch(
    /^Validation error at the end: 18.00% with everything/,
  )
})
