// Real runs of the built command on LeNet-5, whose times mean nothing: that every engine starts, agrees
// and is timed, and that the output has its promised shape.

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Report } from './results.ts'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))

function bench(line: string): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...line.split(' ')], (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}

describe('bench', () => {
  it('times inference beside ONNX Runtime with equal numbers, as JSON', async () => {
    const { stdout, code } = await bench(
      'infer --variant lenet-5 --batch 4 --threads 1 --rounds 2 --peers ort-web,pytorch --python /no/python --json',
    )
    expect(code).toBe(0)
    const report = JSON.parse(stdout) as Report
    expect(Object.keys(report).slice(0, 4)).toEqual(['task', 'batch', 'threads', 'results'])
    expect(report).toMatchObject({ task: 'infer', batch: 4, threads: 1 })
    expect(report.results.map(({ engine }) => engine)).toEqual(['alexnet', 'ort-web'])
    for (const { msPerPicture, samples, difference, build } of report.results) {
      expect(samples).toHaveLength(2)
      expect(msPerPicture).toBeGreaterThan(0)
      expect(build).not.toBe('')
      expect(difference).toBeLessThan(1e-5)
    }
    expect(report.results[1]!.oursRatio!.median).toBeGreaterThan(0)
    expect(report.peak!.gigaflops).toBeGreaterThan(1)
    expect(report.absent).toMatchObject([{ engine: 'pytorch', why: 'skipped' }])
    expect(report.absent[0]!.reason).toContain('python3-torch')
  })

  it('times training steps whose gradients agree with tfjs, and writes a record', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'alexnet-bench-test-'))
    try {
      const record = join(folder, 'record.md')
      const { stdout, code } = await bench(
        `train --variant lenet-5 --batch 3 --threads 1 --rounds 2 --peers tfjs-cpu --record ${record}`,
      )
      expect(code).toBe(0)
      expect(stdout).toMatch(/alexnet .* \de-\d$/m)
      expect(stdout).toContain('with those of tfjs-cpu')
      expect(stdout.split('\n').every((line) => line.length <= 80)).toBe(true)
      expect(await readFile(record, 'utf8')).toContain('## Numbers agree')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('times single kernels that agree with sums in float64', async () => {
    const { stdout } = await bench(
      'kernels --variant lenet-5 --layers features.3 --batch 2 --rounds 1 --peers none --json',
    )
    const { results, absent } = JSON.parse(stdout) as Report
    expect(absent).toEqual([])
    expect(results.map(({ layer, pass }) => `${layer} ${pass}`)).toEqual([
      ...['features.3 forward', 'features.3 dX', 'features.3 dW'],
    ])
    for (const { difference, gigaflops } of results) {
      expect(difference).toBeLessThan(1e-5)
      expect(gigaflops).toBeGreaterThan(0)
    }
  })

  it.skipIf(process.platform !== 'linux')('measures memory where there is /proc', async () => {
    const { stdout } = await bench(
      'memory --variant lenet-5 --batch 4 --rounds 2 --peers none --json',
    )
    const { results } = JSON.parse(stdout) as Report
    // A Node process with TensorFlow.js needs tens of megabytes and no gigabyte.
    expect(results[0]!.peakBytes).toBeGreaterThan(30e6)
    expect(results[0]!.peakBytes).toBeLessThan(1e9)
  })

  it('says in one line what it cannot do', async () => {
    const variant = await bench('infer --variant krizhevsky-2012 --batch 1 --peers none')
    expect(variant.code).toBe(1)
    expect(variant.stderr).toMatch(/^bench: layer features\.0 has a convolution whose size/)
    expect(variant.stderr.trim().split('\n')).toHaveLength(1)
    const peer = await bench('infer --peers nobody')
    expect(peer.code).toBe(2)
    expect(peer.stderr).toContain("There is no peer 'nobody'")
  })
})
