// Random programs on one of our backends beside tfjs's cpu: `node scripts/random-programs.ts --count 20000`. Prints
// each that differs, and ends with 1 if one does. `--backend webgpu` runs them on WebGPU over Dawn.

import process from 'node:process'
import { parseArgs } from 'node:util'
import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { webgpu } from '@alexnet/backend-webgpu/node'
import * as tf from '@tensorflow/tfjs'
import { comparePrograms, onGPU } from '../src/programs/compare.ts'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '2' },
    backend: { type: 'string', default: 'cpu' },
  },
})
const onCpu = values.backend === 'cpu'
const adapter = onCpu ? cpu({ threads: Number(values.threads) }) : webgpu({ software: true })
const { name, device } = await useBackend([adapter])
console.log(`${name}: ${device}`)
const [count, seed] = [Number(values.count), Number(values.seed)]
let differing = 0
for (let done = 0; done < count; done += 500) {
  const range = { first: seed + done, count: Math.min(500, count - done) }
  const found = await comparePrograms(name, range, onCpu ? { tolerance: 1e-5 } : onGPU)
  for (const line of found) console.log(line)
  differing += found.length
  process.stderr.write(`${range.first + range.count - seed} programs, ${differing} differ\n`)
}
console.log(`${count} programs, ${differing} differ`)
tf.removeBackend(name)
process.exit(differing > 0 ? 1 : 0)
