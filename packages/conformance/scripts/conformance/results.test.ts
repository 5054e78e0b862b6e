import { describe, expect, it } from 'vitest'
import { recordOf } from './record.ts'
import { alignColumns, formatError, summarize, type TestRecord } from './results.ts'

const record = (part: Partial<TestRecord>): TestRecord => ({
  backend: 'a',
  operation: 'pooling',
  test: 't',
  state: 'passed',
  worst: 0,
  seconds: 1,
  device: 'a device',
  ...part,
})

describe('results of the conformance tests', () => {
  const tests = [
    record({ worst: 2e-7 }),
    record({ operation: 'convolution', worst: 3e-6 }),
    record({ operation: 'convolution', state: 'failed', worst: 0.5, message: 'too far' }),
    record({ operation: 'convolution', state: 'skipped', worst: null, test: 'conv1' }),
    record({ backend: 'b', state: 'skipped', worst: null, test: 'skipped: no GPU' }),
  ]

  it('are a row for each backend, with the worst of each operation and every reason', () => {
    const [a, b] = summarize(tests, 'Node')
    expect(a).toMatchObject({ name: 'a', runtime: 'Node', passed: 2, failed: 1, skipped: 1 })
    expect(a!.device).toBe('a device')
    expect(a!.worstRelativeError).toBe(0.5)
    expect(a!.operations.map(({ operation }) => operation)).toEqual(['pooling', 'convolution'])
    expect(a!.operations[0]!.worstRelativeError).toBe(2e-7)
    expect(a!.failures).toEqual([{ operation: 'convolution', test: 't', message: 'too far' }])
    expect(a!.skips[0]!.reason).toMatch(/takes minutes/)
    expect(b!.skips[0]!.reason).toBe('no GPU')
  })

  it('are a document', () => {
    const text = recordOf(summarize(tests, 'Node'), {
      date: '2026-11-24',
      machine: 'a machine',
      versions: ['Node 24'],
      absent: [{ runtime: 'Chromium', reason: 'there is none' }],
    })
    // Cells are filled up to the width of their column.
    const cells = text.replaceAll(/ +/g, ' ')
    expect(cells).toContain('| a | Node | a device | 2 | 1 | 1 | 5.0e-1 |')
    expect(text).toContain('| ----------- |')
    // Nothing ran on b, which is not the same as no difference.
    expect(cells).toContain('| pooling | 2.0e-7 | |')
    expect(cells).toContain('| convolution | failed | |')
    expect(text).toContain('- b, Node: 1 tests: no GPU')
    expect(text).toContain('Chromium was left out: there is none.')
  })

  it('are formatted', () => {
    expect(formatError(0)).toBe('exact')
    expect(formatError(1.234e-6)).toBe('1.2e-6')
    expect(
      alignColumns([
        ['ab', 'c'],
        ['d', 'efg'],
      ]),
    ).toBe('ab    c\nd   efg')
  })
})
