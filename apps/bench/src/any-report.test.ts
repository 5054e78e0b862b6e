import { describe, expect, it } from 'vitest'
import { type AnyResult, type AnyRow, formatAny, formatAnyRecord } from './any-report.ts'

const summary = (median: number) => ({ median, low: median, high: median })

const row = (more: Partial<AnyRow>): AnyRow => ({
  network: 'mobilenet',
  work: 'infer',
  batch: 2,
  difference: 1e-6,
  milliseconds: { alexnet: summary(12), 'tfjs-cpu': summary(480), 'tfjs-wasm': summary(10) },
  ratio: { 'tfjs-cpu': summary(0.025), 'tfjs-wasm': summary(1.2) },
  absent: {},
  held: { tensors: 0, bytes: 0 },
  javascript: { share: 0.004, kernels: [] },
  ...more,
})

const result: AnyResult = {
  task: 'any',
  rounds: 3,
  device: 'CPU, WebAssembly, 2 threads',
  features: ['relaxed-simd'],
  software: 'Node 24.0.0',
  tfjs: '4.22.0',
  machine: {
    date: '2026-11-30T00:00:00.000Z',
    processor: 'A processor',
    processors: 2,
    memoryGigabytes: 8,
    system: 'Linux',
    node: '24.0.0',
    v8: '13.6',
    commit: 'abc',
    load: 0.1,
  },
  rows: [
    row({}),
    row({
      network: 'resnet',
      work: 'train',
      milliseconds: { alexnet: summary(50), 'tfjs-cpu': summary(5000) },
      ratio: { 'tfjs-cpu': summary(0.01) },
      absent: { 'tfjs-wasm': "Kernel 'Conv2DBackpropFilter' not registered" },
      held: { tensors: 3, bytes: 12 },
      javascript: { share: 0.25, kernels: [{ name: 'CropAndResize', share: 0.25 }] },
    }),
  ],
}

describe('what bench any finds', () => {
  it('is text of 80 columns that names kernels left to JavaScript, absent peers and leaks', () => {
    const text = formatAny(result)
    expect(text.split('\n').every((line) => line.length <= 80)).toBe(true)
    expect(text).toMatch(/mobilenet, 2 +infer +12\.0 +480\.0 +10\.0 +0\.025 +1\.20 +0\.4%/)
    expect(text).toContain('resnet, train, in JavaScript: CropAndResize 25%.')
    expect(text).toContain("resnet, train, no tfjs-wasm: Kernel 'Conv2DBackpropFilter'")
    expect(text).toContain('the steps LEFT 3 tensors and 12 bytes')
  })

  it('is a record with losses first', () => {
    const text = formatAnyRecord(result, 'npm run -s bench -- any')
    expect(text.indexOf('SLOWER: 1.200')).toBeLessThan(text.indexOf("0.010 of tfjs-cpu's time"))
    expect(text).toContain('npm run -s bench -- any')
  })
})
