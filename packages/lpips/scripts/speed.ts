// Pairs a second, ours beside PyTorch's formula, in turns in one run:
//
//     node scripts/speed.ts [--threads 2] [--batch 16] [--size 64] [--rounds 5] [--seconds 2]

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import { architectures } from '@alexnet/core'
import { buildFeatures } from '@alexnet/core/architectures'
import { Lpips, perceptualDistance } from '@alexnet/lpips'
import * as tf from '@tensorflow/tfjs'

const { values } = parseArgs({
  options: {
    threads: { type: 'string', default: '2' },
    batch: { type: 'string', default: '16' },
    size: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    python: { type: 'string', default: 'python3' },
  },
})
const [batch, size, seconds] = [values.batch, values.size, values.seconds].map(Number) as [
  number,
  number,
  number,
]

await useBackend([cpu({ threads: Number(values.threads) })])
const network = buildFeatures(architectures.torchvision)
// As many numbers as learned ones; zeros would be as slow.
network.setWeights(
  network.getWeights().map((weight) => tf.randomUniform(weight.shape, -0.05, 0.05)),
)
const lpips = new Lpips({
  network,
  linear: [64, 192, 384, 256, 256].map((count) => new Float32Array(count).fill(0.1)),
  shift: [-0.03, -0.088, -0.188],
  scale: [0.458, 0.448, 0.45],
  smallestSize: 31,
})
const shape: [number, number, number, number] = [batch, size, size, 3]
const [a, b] = [tf.randomUniform(shape, -1, 1), tf.randomUniform(shape, -1, 1)] as [
  tf.Tensor4D,
  tf.Tensor4D,
]

async function ours(): Promise<number> {
  const start = performance.now()
  let pairs = 0
  while (performance.now() < start + 1000 * seconds) {
    const found = perceptualDistance(a, b, { lpips })
    await found.distance.data()
    tf.dispose({ ...found })
    pairs += batch
  }
  return (1000 * pairs) / (performance.now() - start)
}

const script = fileURLToPath(new URL('speed.py', import.meta.url))
const peer = spawn(
  values.python,
  ['-W', 'ignore', script, values.threads, values.batch, values.size],
  {
    stdio: ['pipe', 'pipe', 'inherit'],
  },
)
const lines = createInterface(peer.stdout)
async function theirs(): Promise<number> {
  peer.stdin.write(`${seconds}\n`)
  const [line] = await once(lines, 'line')
  return Number(line)
}

await ours()
await theirs()
const rounds: [number, number][] = []
for (let round = 0; round < Number(values.rounds); round++)
  rounds.push([await ours(), await theirs()])
peer.stdin.end()

const median = (numbers: number[]) => numbers.sort((x, y) => x - y)[Math.floor(numbers.length / 2)]!
console.log(
  `${cpus().length} × ${cpus()[0]?.model}, node ${process.version}, ${values.threads} threads`,
)
console.log(`${batch} pairs of ${size}×${size}: pairs a second, ours and PyTorch's, round by round`)
for (const [own, peerOwn] of rounds)
  console.log(`${own.toFixed(0)}  ${peerOwn.toFixed(0)}  ${(own / peerOwn).toFixed(2)}`)
console.log(
  `median ${median(rounds.map(([own]) => own)).toFixed(0)}  ${median(rounds.map(([, other]) => other)).toFixed(0)}  ratio ${median(rounds.map(([own, other]) => own / other)).toFixed(2)}`,
)
