// Runs a random program on the current backend, forward and backward, and compares what two backends made of it. A
// program is a seed: what it does depends on shapes alone, so it is the same on every backend.

import * as tf from '@tensorflow/tfjs'
import { Draw, floats } from './draw.ts'
import type { Operation } from './operation.ts'
import { operations } from './operations.ts'

/** What a program came to. */
export interface Outcome {
  /** The operations, in words. */
  program: string
  /** The result's and the gradients' values and shapes; an error's name where it threw. */
  values: { what: string; shape: readonly number[]; numbers: ArrayLike<number> }[]
  error?: string
  /** Tensors, their bytes and their storages that the program held at its end, and that were left after it. */
  held: number[]
  left: number[]
}

const MOST_OPERATIONS = 4

export async function runProgram(seed: number, leftOut: readonly string[] = []): Promise<Outcome> {
  const before = counts()
  tf.engine().startScope()
  const trace: string[] = []
  let forwardOnly = false
  const outcome: Outcome = { program: '', values: [], held: [], left: [] }
  try {
    const draw = new Draw(seed)
    const special = draw.once(8)
    const rank = draw.of([0, 1, 2, 2, 3, 4, 4, 4, 4])
    const x = floats(draw, draw.shape(rank), special)
    trace.push(`${special ? 'special ' : ''}[${x.shape}]`)
    const length = draw.whole(1, MOST_OPERATIONS)
    const state = draw.whole(0, 2 ** 30)
    const compute = (input: tf.Tensor, tell?: (operation: Operation, y: tf.Tensor) => void) => {
      const own = new Draw(state)
      let y = input
      let jumps = true
      for (let step = 0; step < length; step++) {
        const candidates = operations.filter(
          ({ name, exact, plain }) =>
            (jumps || !exact) && (plain || !special) && !leftOut.includes(name),
        )
        const operation = own.of(candidates)
        const next = operation.run(own, y)
        if (!next) continue
        // After the first sum or function numbers differ in their last bits.
        jumps = jumps && operation.exact === true
        tell?.(operation, next)
        y = next
      }
      return y
    }
    const y = tf.tidy(() =>
      compute(x, (operation, made) => {
        trace.push(`${operation.name} [${made.shape}]`)
        forwardOnly ||= operation.forwardOnly !== undefined
      }),
    )
    outcome.held = difference(before, counts())
    outcome.values.push({ what: 'result', shape: y.shape, numbers: await y.data() })
    if (!forwardOnly && !special) {
      const weights = floats(new Draw(seed + 1), y.shape)
      const gradient = tf.grad((input: tf.Tensor) =>
        tf.add(tf.sum(tf.mul(compute(input), weights)), tf.sum(tf.mul(input, 0.5))),
      )(x)
      outcome.held.push(...difference(before, counts()))
      outcome.values.push({
        what: 'gradient',
        shape: gradient.shape,
        numbers: await gradient.data(),
      })
    }
  } catch (error) {
    outcome.error = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
  tf.engine().endScope()
  outcome.program = `seed ${seed}: ${trace.join(' → ')}`
  outcome.left = difference(before, counts())
  return outcome
}

const counts = () => {
  const { numTensors, numBytes, numDataBuffers } = tf.memory()
  return [numTensors, numBytes, numDataBuffers]
}

const difference = (before: number[], now: number[]) => now.map((count, i) => count - before[i]!)

export interface Bounds {
  /** Of a difference, relative to the largest number of a tensor. */
  tolerance: number
  /** Whether a reshaped tensor may have a storage of its own, as textures of WebGL have. Default false. */
  copiesReshaped?: boolean
}

/** What is wrong with an outcome beside the one it is to equal, or undefined. */
export function compareOutcomes(
  found: Outcome,
  expected: Outcome,
  { tolerance, copiesReshaped = false }: Bounds,
): string | undefined {
  const told = (what: string) => `${expected.program}: ${what}`
  if (Boolean(found.error) !== Boolean(expected.error)) {
    return told(`${found.error ?? 'no error'}, expected ${expected.error ?? 'none'}`)
  }
  for (const [i, { what, shape, numbers }] of expected.values.entries()) {
    const own = found.values[i]
    if (!own) return told(`no ${what}`)
    if (`${own.shape}` !== `${shape}`) return told(`${what} [${own.shape}], expected [${shape}]`)
    // tfjs's cpu gives some tensors of no elements one.
    const size = tf.util.sizeFromShape([...shape])
    let largest = 1
    for (let j = 0; j < size; j++) {
      const absolute = Math.abs(numbers[j]!)
      if (Number.isFinite(absolute)) largest = Math.max(largest, absolute)
    }
    for (let j = 0; j < size; j++) {
      const [a, b] = [own.numbers[j]!, numbers[j]!]
      const same = Object.is(a, b) || a === b || Math.abs(a - b) <= tolerance * largest
      if (!same) return told(`${what}[${j}] is ${a}, expected ${b}`)
    }
  }
  const asked = (counts: number[]) => `${counts.filter((_, i) => !copiesReshaped || i % 3 < 2)}`
  for (const which of ['held', 'left'] as const) {
    if (asked(found[which]) !== asked(expected[which])) {
      return told(
        `tensors, bytes and storages ${which}: ${found[which]}, expected ${expected[which]}`,
      )
    }
  }
  return undefined
}
