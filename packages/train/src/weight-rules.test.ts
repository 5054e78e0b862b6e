import { expect, it } from 'vitest'
import { checkRules, fits, treatmentOf } from './weight-rules.ts'

it('a * stands for any characters, also none', () => {
  const cases: [string, string, boolean][] = [
    ['features.0.weight', 'features.0.weight', true],
    ['features.0.weight', 'features.0', false],
    ['features.0.weight', 'features.*', true],
    ['features.0.weight', '*.bias', false],
    ['features.10.bias', '*.bias', true],
    ['features.0.weight', '*', true],
    ['features.0.weight', 'features.*.weight', true],
    ['features.0.weight', '*0*', true],
    ['features.0.weight', '*.0.*.weight', false],
    ['ab', 'ab*b', false],
    ['abb', 'ab*b', true],
  ]
  for (const [name, pattern, expected] of cases) expect(fits(name, pattern), pattern).toBe(expected)
})

it('the first rule that fits counts, and leaves what it does not say', () => {
  const rules = [
    { weights: '*.bias', learningRate: 2, weightDecay: 0 },
    { weights: 'features.*', learningRate: 0.1 },
    { weights: 'features.0.*', frozen: true },
  ]
  const treatment = (name: string) => treatmentOf(name, rules, 5e-4)
  expect(treatment('features.0.bias')).toEqual({ learningRate: 2, weightDecay: 0, frozen: false })
  expect(treatment('features.0.weight')).toEqual({
    learningRate: 0.1,
    weightDecay: 5e-4,
    frozen: false,
  })
  expect(treatment('classifier.6.weight').learningRate).toBe(1)
})

it('refuses values out of range', () => {
  expect(() => checkRules([{ weights: 'a', learningRate: -1 }], ['a'])).toThrow(/rate of 'a'/)
  expect(() => checkRules([{ weights: 'a', weightDecay: Number.NaN }], ['a'])).toThrow(
    /decay of 'a'/,
  )
})
