import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { fitTemperature, Reliability } from './calibration.ts'
import { softmax } from './metrics.ts'

interface Case {
  logits: number[]
  labels: number[]
  error: number
  temperature: number
}
const cases: Case[] = JSON.parse(
  await readFile(new URL('../fixtures/calibration.json', import.meta.url), 'utf8'),
)

it.each(cases)('the error is NumPy’s, the temperature PyTorch’s: $temperature', (one) => {
  const { logits, labels, error, temperature } = one
  const classes = logits.length / labels.length
  const reliability = new Reliability()
  const shares = new Float64Array(classes)
  for (const [row, label] of labels.entries()) {
    softmax(logits, row * classes, classes, shares)
    const best = shares.indexOf(Math.max(...shares))
    reliability.add(shares[best]!, best === label)
  }
  expect(reliability.error()).toBeCloseTo(error, 12)
  expect(reliability.bins().reduce((sum, { pictures }) => sum + pictures, 0)).toBe(labels.length)
  expect(Math.abs(fitTemperature(logits, labels) / temperature - 1)).toBeLessThan(1e-6)
})

it('a bin’s lower end is not in it, and 0 and 1 have bins', () => {
  const reliability = new Reliability()
  for (const probability of [0, 1 / 15, 1]) reliability.add(probability, true)
  expect(reliability.bins().map(({ pictures, from }) => [from, pictures])).toEqual([
    [0, 2],
    [14 / 15, 1],
  ])
  expect(new Reliability().error()).toBe(0)
})

it('refuses what has no temperature', () => {
  expect(() => fitTemperature([], [])).toThrow('0 logits are not those of 0 labels')
  expect(() => fitTemperature([1, 2, 3], [0, 1])).toThrow('3 logits are not those of 2 labels')
  expect(() => fitTemperature([Number.NaN, 1], [0])).toThrow('a logit is no finite number')
})
