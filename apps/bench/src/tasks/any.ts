// `bench any`: networks that are not AlexNet, built by tf.layers as any program builds them, on our CPU backend and on
// tfjs's own, turn by turn in one process: inference and training steps, numbers compared first, tensors counted. And
// which kernels our backend leaves to tfjs's plain JavaScript, with their share of the time: what to write next.

import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { useBackend } from '@alexnet/backend'
import { cpu } from '@alexnet/backend-cpu'
import * as tf from '@tensorflow/tfjs'
import { type AnyNetwork, anyNetworks } from '../any-networks.ts'
import type {
  AnyEngine,
  AnyNetworkName,
  AnyPeer,
  AnyResult,
  AnyRow,
  AnyWork,
} from '../any-report.ts'
import { BenchError, messageOf } from '../errors.ts'
import { kernelTensor, seeds } from '../kernel-cases.ts'
import { describeMachine, versionOf } from '../machine.ts'
import { ratios, relativeDifference, summarize } from '../statistics.ts'
import { KernelClock } from './kernel-clock.ts'

export interface AnyOptions {
  peers: readonly AnyPeer[]
  networks: readonly AnyNetworkName[]
  works: readonly AnyWork[]
  threads: number
  rounds: number
}

/** Milliseconds that a turn lasts, or one call. */
const TURN = 100
/** Largest difference, relative to the largest number of a tensor, that is the order of the additions. */
const SAME = 1e-3

interface Engine {
  name: AnyEngine
  /** Of tfjs's registry. */
  backend: string
}

/** A network on an engine. */
interface Running extends Engine {
  model: tf.LayersModel
  x: tf.Tensor
  y: tf.Tensor
}

/** @throws BenchError when two engines compute different numbers */
export async function compareAny(options: AnyOptions): Promise<AnyResult> {
  const machine = describeMachine()
  // Before our backend takes tfjs's kernels, so that it takes those that are listened to.
  const clock = new KernelClock('cpu')
  const ours = await useBackend([cpu({ threads: options.threads })])
  const engines: Engine[] = [{ name: 'alexnet', backend: ours.name }]
  if (options.peers.includes('tfjs-cpu')) engines.push({ name: 'tfjs-cpu', backend: 'cpu' })
  if (options.peers.includes('tfjs-wasm')) {
    engines.push({ name: 'tfjs-wasm', backend: await startWasm() })
  }
  const rows: AnyRow[] = []
  for (const network of anyNetworks) {
    if (!options.networks.includes(network.name)) continue
    const running: Running[] = []
    for (const engine of engines) running.push(await open(network, engine))
    for (const work of options.works) {
      rows.push(await compare(network, work, running, options.rounds, clock))
    }
    for (const { backend, model, x, y } of running) {
      await tf.setBackend(backend)
      model.dispose()
      tf.dispose([x, y])
    }
  }
  tf.removeBackend(ours.name)
  return {
    task: 'any',
    rounds: options.rounds,
    device: ours.device,
    features: ours.features,
    software: `Node ${machine.node}`,
    tfjs: versionOf('@tensorflow/tfjs'),
    machine,
    rows,
  }
}

async function startWasm(): Promise<string> {
  const wasm = await import('@tensorflow/tfjs-backend-wasm')
  const require = createRequire(import.meta.url)
  wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`)
  if (!(await tf.setBackend('wasm'))) throw new BenchError('tfjs could not start its wasm backend')
  return 'wasm'
}

async function open(network: AnyNetwork, engine: Engine): Promise<Running> {
  await tf.setBackend(engine.backend)
  const model = network.build()
  model.compile({ optimizer: network.optimizer(), loss: network.loss })
  const xShape = [network.batch, ...network.inputShape]
  const yShape = [network.batch, ...(model.outputShape as number[]).slice(1)]
  const x = tf.tensor(kernelTensor(xShape, seeds.input), xShape)
  const y =
    network.loss === 'meanSquaredError'
      ? tf.tensor(kernelTensor(yShape, seeds.gradient), yShape)
      : oneHot(network.batch, yShape.at(-1)!)
  return { ...engine, model, x, y }
}

const oneHot = (count: number, classes: number) =>
  tf.tidy(() => tf.cast(tf.oneHot(tf.range(0, count, 1, 'int32'), classes), 'float32'))

async function compare(
  { name, batch }: AnyNetwork,
  work: AnyWork,
  running: readonly Running[],
  rounds: number,
  clock: KernelClock,
): Promise<AnyRow> {
  const row: AnyRow = {
    network: name,
    work,
    batch,
    difference: 0,
    milliseconds: {},
    ratio: {},
    absent: {},
    held: { tensors: 0, bytes: 0 },
    javascript: { share: 0, kernels: [] },
  }
  const right: Running[] = []
  let expected: Numbers | undefined
  for (const one of running) {
    await tf.setBackend(one.backend)
    try {
      const found = numbersOf(one, work)
      expected ??= found
      const difference = largestDifference(found, expected)
      if (!(difference <= SAME)) {
        throw new BenchError(`${name} (${work}): ${one.name} differs by ${difference}, relative`)
      }
      row.difference = Math.max(row.difference, difference)
      await step(one, work)
      right.push(one)
    } catch (error) {
      // A peer that lacks a kernel is said to; wrong numbers are nobody's peer.
      if (error instanceof BenchError || one.name === 'alexnet') throw error
      row.absent[one.name] = messageOf(error)
    }
  }
  const samples = right.map((): number[] => [])
  const before = tf.memory()
  // Round 0 warms up: the first to run would have tfjs's own code compiled for all.
  for (let round = 0; round <= rounds; round++) {
    for (const [i, one] of right.entries()) {
      await tf.setBackend(one.backend)
      clock.reset()
      const begin = performance.now()
      let calls = 0
      let passed = 0
      do {
        await step(one, work)
        calls++
        passed = performance.now() - begin
      } while (passed < TURN)
      if (round === 0) continue
      samples[i]!.push(passed / calls)
      if (one.name === 'alexnet') row.javascript = clock.shares(passed)
    }
  }
  const after = tf.memory()
  row.held = {
    tensors: after.numTensors - before.numTensors,
    bytes: after.numBytes - before.numBytes,
  }
  for (const [i, one] of right.entries()) {
    row.milliseconds[one.name] = summarize(samples[i]!)
    if (one.name !== 'alexnet') row.ratio[one.name] = summarize(ratios(samples[0]!, samples[i]!))
  }
  return row
}

type Numbers = readonly Float32Array[]

/** Relative to the largest number of each tensor, or a hundredth of that of all: some gradients are rounding errors. */
function largestDifference(found: Numbers, expected: Numbers): number {
  const sizes = expected.map((numbers) =>
    numbers.reduce((size, n) => Math.max(size, Math.abs(n)), 0),
  )
  const least = Math.max(...sizes) / 100
  const differences = found.map(
    (own, i) => (relativeDifference(own, expected[i]!) * sizes[i]!) / Math.max(sizes[i]!, least),
  )
  return Math.max(...differences)
}

/** What is compared: the output, or the gradient of each weight. */
function numbersOf({ model, x, y }: Running, work: AnyWork): Numbers {
  return tf.tidy(() => {
    if (work === 'infer') return [(model.predict(x) as tf.Tensor).dataSync() as Float32Array]
    const loss = () =>
      tf.mean(tf.squaredDifference(model.apply(x, { training: true }) as tf.Tensor, y))
    const { grads } = tf.variableGrads(loss as () => tf.Scalar)
    return Object.values(grads).map((gradient) => gradient.dataSync() as Float32Array)
  })
}

async function step({ model, x, y }: Running, work: AnyWork): Promise<void> {
  if (work === 'train') await model.trainOnBatch(x, y)
  else tf.tidy(() => void (model.predict(x) as tf.Tensor).dataSync())
}
