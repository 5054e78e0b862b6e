// `bench sums`: what training adds up on WebGPU outside of matrix products, a loss with its gradient, a bias's
// gradient, the length of all gradients: our kernels with the device's subgroups, without them, and tfjs's
// own, turn by turn in one Node process.

import { useBackend } from '@alexnet/backend'
import { webgpu } from '@alexnet/backend-webgpu/node'
import { crossEntropy } from '@alexnet/train'
import * as tf from '@tensorflow/tfjs'
import { BenchError } from '../errors.ts'
import { kernelTensor, seeds } from '../kernel-cases.ts'
import { describeMachine, versionOf } from '../machine.ts'
import { ratios, relativeDifference, summarize } from '../statistics.ts'
import type { SumResult, SumsEngine, SumsResult } from '../sums-report.ts'
import { startTfjs } from './dawn.ts'

interface Case {
  name: string
  /** Whether ours has a use for subgroups. Default true. */
  subgroups?: boolean
  shape: number[]
  run: (x: tf.Tensor) => tf.Tensor
}

const loss = (rows: number, classes: number): Case => {
  const shares = new Float32Array(rows * classes).fill(1 / classes)
  return {
    name: `loss, gradient ${rows} × ${classes}`,
    shape: [rows, classes],
    run: tf.grad((x) => crossEntropy(x as tf.Tensor2D, shares)),
  }
}

const cases: readonly Case[] = [
  loss(128, 10),
  loss(128, 1000),
  { name: 'mean of rows 2048 × 2048', shape: [2048, 2048], run: (x) => tf.mean(x, 1) },
  { name: 'sum of 4194304', shape: [2 ** 22], run: (x) => tf.sum(x) },
  {
    name: 'sum of columns 20000 × 64',
    subgroups: false,
    shape: [20_000, 64],
    run: (x) => tf.sum(x, 0),
  },
  {
    name: 'sum of rows 20000 × 10',
    subgroups: false,
    shape: [20_000, 10],
    run: (x) => tf.sum(x, 1),
  },
]

/** Calls that are timed together, so that the last one's reading weighs little. */
const CALLS = 5
/** Largest relative difference that is the order of the additions. */
const SAME = 1e-4

/** @throws BenchError when two of them compute different numbers */
export async function compareSums({ rounds }: { rounds: number }): Promise<SumsResult> {
  const machine = describeMachine()
  const plain = await useBackend([webgpu({ software: true, subgroups: false })])
  const names: Partial<Record<SumsEngine, string>> = { alexnet: plain.name }
  names.tfjs = await startTfjs()
  if (plain.features.includes('subgroups')) {
    const options = { software: true, name: 'alexnet-webgpu-subgroups' }
    names.subgroups = (await useBackend([webgpu(options)])).name
  }
  const sums: SumResult[] = []
  for (const one of cases) sums.push(await compare(one, names, rounds))
  for (const name of Object.values(names)) tf.removeBackend(name)
  return {
    task: 'sums',
    rounds,
    device: plain.device,
    features: plain.features,
    software: `Node ${machine.node}, Dawn (webgpu ${versionOf('webgpu')})`,
    tfjs: versionOf('@tensorflow/tfjs'),
    machine,
    sums,
  }
}

async function compare(
  { name, subgroups = true, shape, run }: Case,
  names: Partial<Record<SumsEngine, string>>,
  rounds: number,
): Promise<SumResult> {
  // Above zero: the error of a sum that is nearly zero is beside nothing.
  const numbers = kernelTensor(shape, seeds.input).map((value) => value + 0.75)
  const engines = (Object.keys(names) as SumsEngine[]).filter(
    (engine) => subgroups || engine !== 'subgroups',
  )
  const inputs = new Map<SumsEngine, tf.Tensor>()
  const samples = new Map<SumsEngine, number[]>(engines.map((engine) => [engine, []]))
  let expected: ArrayLike<number> | undefined
  const values = async (engine: SumsEngine) => {
    const result = tf.tidy(() => run(inputs.get(engine)!))
    const found = await result.data()
    result.dispose()
    return found
  }
  for (const engine of engines) {
    await tf.setBackend(names[engine]!)
    inputs.set(engine, tf.tensor(numbers, shape))
    const found = await values(engine)
    expected ??= found
    const difference = relativeDifference(found, expected)
    if (!(difference <= SAME)) {
      throw new BenchError(`${name}: the answers differ by ${difference}, relative`)
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const engine of engines) {
      await tf.setBackend(names[engine]!)
      const begin = performance.now()
      for (let call = 1; call < CALLS; call++) tf.tidy(() => void run(inputs.get(engine)!))
      await values(engine)
      samples.get(engine)!.push((performance.now() - begin) / CALLS)
    }
  }
  tf.dispose([...inputs.values()])
  const result: SumResult = { name, milliseconds: {}, ratio: {} }
  for (const engine of engines) {
    const own = samples.get(engine)!
    result.milliseconds[engine] = summarize(own)
    if (engine !== 'tfjs') result.ratio[engine] = summarize(ratios(own, samples.get('tfjs')!))
  }
  return result
}
