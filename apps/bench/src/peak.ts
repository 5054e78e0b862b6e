// What the machine could do: the denominator of every share of peak, measured in the same run.

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { operationsPerRound, peakLoops } from './generated/peak.ts'

/** V8's option that joins pairs of 128-bit vector operations. */
export const WIDEN_FLAG = '--experimental-wasm-revectorize'

export interface Peak {
  /** GFLOP/s of all threads together, at the same time. */
  gigaflops: number
  threads: number
  /** Which loop was the fastest. */
  build: string
}

const main = fileURLToPath(new URL('./peak-main.js', import.meta.url))
const runFile = promisify(execFile)

/** The fastest loop that this machine runs, on so many threads at once. */
export async function measurePeak(threads: number): Promise<Peak> {
  const relaxed = Buffer.from(peakLoops['relaxed-simd'], 'base64')
  const build = WebAssembly.validate(relaxed) ? 'relaxed-simd' : 'simd'
  let peak: Peak = { gigaflops: 0, threads, build: 'none' }
  for (const kind of ['widened', 'plain'] as const) {
    const args = [main, peakLoops[build], String(operationsPerRound[kind]), kind]
    const each = await Promise.all(
      Array.from({ length: threads }, () => runFile(process.execPath, args)),
    )
    const gigaflops = each.reduce((sum, { stdout }) => sum + Number(stdout), 0)
    if (gigaflops > peak.gigaflops) {
      peak = { gigaflops, threads, build: kind === 'widened' ? `${build}, widened` : build }
    }
  }
  return peak
}
