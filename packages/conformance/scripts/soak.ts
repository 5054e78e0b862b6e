// Two thousand training steps of a small AlexNet, memory watched: `node scripts/soak.ts`. Fails when
// tensors, their bytes or the WebAssembly memory rise after the first hundred steps, or when the
// process's resident memory ends more than a tenth above what it was then.

import { parseArgs } from 'node:util'
import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { growth, type MemorySample, soak } from '../src/endurance/soak.ts'

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '2000' },
    batch: { type: 'string', default: '16' },
    threads: { type: 'string', default: '2' },
  },
})
const active = await useBackend([cpu({ threads: Number(values.threads) })])
console.log(`${active.name}: ${active.device}`)
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`

const samples: MemorySample[] = []
for await (const sample of soak({
  steps: Number(values.steps),
  batch: Number(values.batch),
  every: 100,
})) {
  samples.push(sample)
  console.log(
    `step ${sample.step}: ${sample.tensors} tensors of ${megabytes(sample.tensorBytes)}, ` +
      `${megabytes(sample.usedBytes)} used and ${megabytes(sample.reservedBytes)} reserved, ` +
      `${megabytes(sample.residentBytes)} resident, loss ${sample.loss.toFixed(4)}`,
  )
}
const [first] = samples
const last = samples.at(-1)
if (!first || !last) throw new Error(`--steps ${values.steps}: give at least 100`)
const risen = samples.slice(1).flatMap((sample) => growth(first, sample))
if (last.residentBytes > first.residentBytes * 1.1) {
  risen.push(
    `resident memory rose from ${megabytes(first.residentBytes)} to ${megabytes(last.residentBytes)}`,
  )
}
for (const line of risen) console.error(line)
console.log(risen.length === 0 ? 'memory is flat' : 'memory rose')
process.exitCode = risen.length === 0 ? 0 : 1
