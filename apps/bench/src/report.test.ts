import { describe, expect, it } from 'vitest'
import { formatRecord } from './record.ts'
import { absences, formatReport, milliseconds } from './report.ts'
import { toJson } from './run.ts'
import { exampleReport } from './testing/report.ts'

describe('formatReport', () => {
  it('shows losses first and as plainly as wins, in 80 columns', () => {
    const text = formatReport(exampleReport())
    expect(text).toContain('SLOWER than ort-node: 2.00 (2.00–2.00) of its time')
    expect(text).toContain('2.00× as fast as ort-web: 0.50 (0.50–0.50) of its time')
    expect(text.indexOf('SLOWER than')).toBeLessThan(text.indexOf('as fast as'))
    expect(text).toMatch(/ort-node .* 2\.00 slower/)
    // 1.43 GFLOP in 11 ms of 200 GFLOP/s.
    expect(text).toMatch(/alexnet .* 65%/)
    expect(text).toContain('pytorch skipped: no Python here has PyTorch; install it')
    expect(text).toContain('tfjs-wasm 4.22.0 gave WRONG NUMBERS and was not timed')
    expect(text.split('\n').every((line) => line.length <= 80)).toBe(true)
  })

  it('warns of a busy machine', () => {
    const report = exampleReport()
    expect(formatReport(report)).not.toContain('CAREFUL')
    report.machine.load = 1.5
    expect(formatReport(report)).toContain('CAREFUL: other work ran')
  })
})

it('says of memory who takes more', () => {
  const report = { ...exampleReport(), task: 'memory' as const }
  for (const result of report.results) result.peakBytes = 1e9
  report.results.find(({ engine }) => engine === 'ort-node')!.peakBytes = 8e8
  const text = formatReport(report)
  expect(text).toContain('MORE than ort-node: 1.25 of its memory')
  expect(text).toContain('as much as ort-web: 1.00 of its memory')
})

it('says once why an engine lacks several kernels', () => {
  const absent = ['features.0', 'features.3'].map((layer) => ({
    engine: 'tfjs-wasm',
    why: 'skipped',
    reason: 'no such kernel',
    layer,
    pass: 'dW',
  })) as Parameters<typeof absences>[0]['absent']
  expect(absences({ absent })).toEqual([
    'tfjs-wasm (features.0 dW, features.3 dW) skipped: no such kernel',
  ])
})

it('prints milliseconds to three digits', () => {
  expect([0.0123, 1.234, 12.34, 123.4, Number.NaN].map(milliseconds)).toEqual([
    ...['0.012', '1.23', '12.3', '123', '–'],
  ])
})

it('begins its JSON with the fields that programs rely on', () => {
  const json = toJson(exampleReport())
  expect(Object.keys(json).slice(0, 4)).toEqual(['task', 'batch', 'threads', 'results'])
  expect(json.results[0]).toMatchObject({
    engine: 'alexnet',
    build: 'relaxed-simd widened',
    msPerPicture: 11,
    samples: [10, 11, 12],
  })
})

it('writes a record with the sections that docs/benchmarks asks for, losses in bold', () => {
  const record = formatRecord([exampleReport()], {
    command: 'npm run -s bench -- infer --batch 32',
    versions: { 'onnxruntime-web': '1.30.0, 2 threads' },
  })
  const heads = [...record.matchAll(/^## (.*)$/gm)].map((match) => match[1])
  expect(heads).toEqual([
    ...['Question and answer', 'Machine', 'Software', 'Command', 'Table', 'Numbers agree'],
  ])
  expect(record).toContain('| **ort-node** | **1.0** |')
  expect(record).toContain('| ort-web | 1.0 |')
  expect(record).toContain('- onnxruntime-web 1.30.0, 2 threads')
  expect(record).toContain('npm run -s bench -- infer --batch 32')
  expect(record.indexOf('SLOWER')).toBeLessThan(record.indexOf('as fast as'))
})
