// Our networks against PyTorch's, weights copied by name: every layer's output and the gradient of
// every weight. The answers are fixtures that scripts/make-pytorch-fixtures.py made in float64;
// scripts/compare-pytorch.ts repeats the comparison of whole tensors where PyTorch is installed.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { architectures } from '@alexnet/core'
import { describe, expect, it } from 'vitest'
import { fastestCpu, widenedCpu } from '../kernels/cpu-backends.ts'
import { holdTo } from '../kernels/suites.ts'
import { wide } from '../thorough.ts'
import { generate, generateLabels, samplePositions } from './generate.ts'
import { type NetworkFixture, networkSuites, type SgdCase } from './networks.ts'
import { BOUND, relativeError, summaryError, type TensorSummary } from './parity.ts'

const folder = new URL('../../fixtures/', import.meta.url)
const read = (file: string) => JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
const fixtures = readdirSync(folder)
  .filter((file) => file.startsWith('pytorch-'))
  .map((file) => read(file) as NetworkFixture)
const { cases } = read('sgd-steps.json') as { cases: SgdCase[] }

describe('the generated tensors', () => {
  it('are those of the Python twin, bit for bit', () => {
    const sha256 = (tensor: Parameters<typeof generate>[0]) =>
      createHash('sha256').update(generate(tensor)).digest('hex')
    expect(sha256({ name: 'a', shape: [7], bound: 0.3, salts: { 1: 1, 4: 2 } })).toBe(
      '6f20716c2f97248e50d733e571459407ee496420b77221f68aa8187979f092db',
    )
    expect(sha256({ name: 'classifier.1.weight', shape: [40, 9216], bound: 0.02 })).toBe(
      '71602f1e68cd789b353bbdbc7a51957ab35c9c9d0e8149d062beee7b983d0f38',
    )
    expect([...generateLabels(5, 1000)]).toEqual([102, 388, 975, 449, 26])
    expect(samplePositions('x', 37000000, 4)).toEqual([3582530, 27923969, 11403892, 27943842])
  })
})

describe('the measure of an error', () => {
  const data = generate({ name: 'any', shape: [20, 30], bound: 2 })
  const at = data.reduce(
    (best, value, i) => (Math.abs(value) > Math.abs(data[best]!) ? i : best),
    0,
  )
  const sum = (f: (value: number) => number) => data.reduce((total, value) => total + f(value), 0)
  const truth: TensorSummary = {
    name: 'any',
    shape: [20, 30],
    sum: sum((value) => value),
    absoluteSum: sum(Math.abs),
    norm: Math.sqrt(sum((value) => value ** 2)),
    largest: [at, data[at]!],
    samples: samplePositions('any', 600, 96).map((position) => data[position]!),
  }
  const changed = (change: (value: number, i: number) => number) =>
    summaryError({ shape: [20, 30], data: data.map(change) }, truth)

  it('is nothing for the same tensor', () => {
    expect(changed((value) => value)).toBeLessThan(1e-7)
    expect(relativeError(data, data)).toBe(0)
  })

  it('tells tensors apart by scale, offset, order, shape and what is not a number', () => {
    expect(changed((value) => value * 1.0002)).toBeGreaterThan(BOUND)
    expect(changed((value) => value + 0.001)).toBeGreaterThan(BOUND)
    expect(changed((_, i) => data[(i % 20) * 30 + Math.floor(i / 20)]!)).toBeGreaterThan(0.1)
    expect(changed((value, i) => (i === 5 ? Number.NaN : value))).toBe(Infinity)
    expect(summaryError({ shape: [30, 20], data }, truth)).toBe(Infinity)
    expect(relativeError([1, 2, Number.NaN], [1, 2, 3])).toBe(Infinity)
    expect(relativeError([1, 2], [1, 2, 3])).toBe(Infinity)
    expect(relativeError([1, -3.9], [1, -4])).toBeCloseTo(0.025, 12)
  })
})

describe('the fixtures', () => {
  it('have an answer for every variant', () => {
    expect(new Set(fixtures.map(({ variant }) => variant))).toEqual(
      new Set(Object.keys(architectures)),
    )
  })
})

/** The smallest picture and batch of each variant: the widened build has the layers of both, and other instructions. */
const smallest = [...new Set(fixtures.map(({ variant }) => variant))].map(
  (variant) =>
    fixtures
      .filter((fixture) => fixture.variant === variant)
      .sort((a, b) => a.inputSize - b.inputSize || a.batch - b.batch)[0]!,
)

holdTo(fastestCpu, networkSuites(fixtures, cases))
holdTo(widenedCpu, networkSuites(wide ? fixtures : smallest, cases))
