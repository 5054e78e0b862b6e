import { describe, expect, it } from 'vitest'
import { formatDeviceRecord } from './device-record.ts'
import { byKernel, type DeviceResult, formatDevice, total } from './device-report.ts'

const machine: DeviceResult['machine'] = {
  date: '2026-01-31T00:00:00Z',
  processor: 'a processor',
  processors: 2,
  load: 0,
  memoryGigabytes: 8,
  system: 'Linux',
  node: '24',
  v8: '13',
  commit: 'abc',
}
const around = (median: number) => ({ median, low: median * 0.9, high: median * 1.1 })

function result(work: DeviceResult['work'], ours: number): DeviceResult {
  return {
    task: 'dawn',
    work,
    variant: 'cifar',
    batch: 16,
    rounds: 5,
    device: 'a GPU',
    machine,
    features: [],
    software: 'Node 24',
    tfjs: '4.1',
    difference: 1e-6,
    ratio: around(ours / 100),
    milliseconds: { alexnet: around(ours), tfjs: around(100) },
    kernels: byKernel(
      {
        LRNGrad: { runs: 1, threads: 2000, bytes: 3e6 },
        Add: { runs: 2, threads: 64, bytes: 1e6 },
      },
      {
        LRNGrad: { runs: 1, threads: 9000, bytes: 4e6 },
        Add: { runs: 2, threads: 64, bytes: 1e6 },
      },
    ),
  }
}

describe('a GPU backend beside the one of tfjs', () => {
  it('sums up the work of all kernels, and lists those that differ', () => {
    const one = result('train', 50)
    expect(total(one, 'ours')).toEqual({ runs: 3, threads: 2064, bytes: 4e6 })
    const text = formatDevice(one)
    expect(text).toMatch(/LRNGrad +1 +2 +3\.0 +1 +9 +4\.0/)
    expect(text).toMatch(/all, those alike too +3 +2 +4\.0 +3 +9 +5\.0/)
    expect(text).not.toMatch(/^Add/m)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('is a record with the losses first, in bold', () => {
    const options = { variant: 'cifar', batch: 16, rounds: 5, work: 'both' }
    const record = formatDeviceRecord([result('train', 50), result('infer', 150)], options)
    expect(record.indexOf('SLOWER than tfjs: 1.50')).toBeGreaterThan(0)
    expect(record.indexOf('SLOWER')).toBeLessThan(record.indexOf('faster than tfjs: 0.50'))
    expect(record).toMatch(/\*\*Inference of cifar, batch 16\*\*/)
    expect(record).toContain('- TensorFlow.js 4.1, its backend')
    expect(record).toContain('| A training step of cifar, batch 16 | 50.0 (45.0 to 55.0) |')
    expect(record).toContain(
      'npm run -s bench -- dawn --variant cifar --batch 16 --rounds 5 --work both',
    )
    const heads = [
      'Question and answer',
      'Machine',
      'Software',
      'Command',
      'Table',
      'Numbers agree',
    ]
    const places = heads.map((head) => record.indexOf(`\n## ${head}\n`))
    expect(places).toEqual([...places].sort((a, b) => a - b))
    expect(places[0]).toBeGreaterThan(0)
  })

  it('needs a result', () => {
    expect(() =>
      formatDeviceRecord([], { variant: 'x', batch: 1, rounds: 1, work: 'train' }),
    ).toThrow(/at least one/)
  })
})
