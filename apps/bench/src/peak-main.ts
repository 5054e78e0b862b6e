// A process that measures the bound of one thread and prints it in GFLOP/s. Arguments: the WebAssembly in
// base64, the loop's operations a round, and its name, which says whether V8 is to widen.

import { setFlagsFromString } from 'node:v8'
import { WIDEN_FLAG } from './peak.ts'

const [base64, operations, kind] = process.argv.slice(2)
const ROUNDS = 200_000
const SLICES = 60

if (kind === 'widened') setFlagsFromString(WIDEN_FLAG)
const { instance } = await WebAssembly.instantiate(Buffer.from(base64!, 'base64'))
const run = instance.exports[kind!] as (rounds: number) => void
let best = 0
// The best of many short slices: whatever else runs can only take from it.
for (let slice = 0; slice < SLICES; slice++) {
  const start = performance.now()
  run(ROUNDS)
  best = Math.max(best, (Number(operations) * ROUNDS) / (performance.now() - start) / 1e6)
}
process.stdout.write(String(best))
