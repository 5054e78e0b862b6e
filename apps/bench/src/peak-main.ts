// A process that measures the bound of one thread and prints it in GFLOP/s, or nothing where this engine
// cannot run the build. Arguments: the build, and 'plain' or 'widened'.

import { setFlagsFromString } from 'node:v8'
import { accumulatorPairs, flopsPerRound, type PeakBuild, peakKernel } from './peak-kernel.ts'
import { WIDEN_FLAG } from './peak.ts'

const [build, kind] = process.argv.slice(2) as [PeakBuild, keyof typeof accumulatorPairs]
const ROUNDS = 200_000
const SLICES = 60

if (kind === 'widened') setFlagsFromString(WIDEN_FLAG)
const pairs = accumulatorPairs[kind]
const bytes = (await peakKernel(build, pairs)) as BufferSource
if (WebAssembly.validate(bytes)) {
  const { instance } = await WebAssembly.instantiate(bytes)
  const run = instance.exports.run as (rounds: number) => void
  let best = 0
  // The best of many short slices: whatever else runs can only take from it.
  for (let slice = 0; slice < SLICES; slice++) {
    const start = performance.now()
    run(ROUNDS)
    const gigaflops = (flopsPerRound(pairs) * ROUNDS) / (performance.now() - start) / 1e6
    best = Math.max(best, gigaflops)
  }
  process.stdout.write(String(best))
}
