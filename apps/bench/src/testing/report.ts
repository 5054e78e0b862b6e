// A report with a win, a loss and every kind of absence. For tests only.

import { compare, type Report, type Result } from '../results.ts'

function result(engine: string, samples: number[], more: Partial<Result> = {}): Result {
  return {
    engine,
    build: '1.0',
    msPerPicture: samples[1]!,
    samples,
    threads: 2,
    difference: 2e-7,
    ...more,
  }
}

export function exampleReport(): Report {
  const peak = { gigaflops: 200, threads: 2, build: 'relaxed-simd, widened' }
  const results = [
    result('alexnet', [10, 11, 12], { build: 'relaxed-simd widened' }),
    result('ort-web', [20, 22, 24]),
    result('ort-node', [5, 5.5, 6]),
  ]
  compare(results, () => 1.43e9, peak)
  return {
    task: 'infer',
    batch: 32,
    threads: 2,
    variant: 'torchvision',
    size: 224,
    rounds: 3,
    compared: 'all logits.',
    peak,
    results,
    machine: {
      date: '2026-01-31T10:00:00.000Z',
      processor: 'Example',
      processors: 2,
      memoryGigabytes: 8,
      system: 'Linux',
      node: '24.0.0',
      v8: '13.6',
      commit: 'abcdef',
      load: 0.1,
    },
    absent: [
      { engine: 'pytorch', why: 'skipped', reason: 'no Python here has PyTorch; install it' },
      { engine: 'tfjs-wasm', build: '4.22.0', why: 'wrong', reason: 'differs by 1.0e-1' },
    ],
  }
}
