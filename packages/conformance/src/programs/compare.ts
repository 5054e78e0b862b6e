// Random programs on a backend beside tfjs's cpu, which computes in float64 between its tensors.

import * as tf from '@tensorflow/tfjs'
import { compareOutcomes, type Outcome, runProgram } from './run.ts'

/**
 * Runs so many programs from a seed on tfjs's cpu and on a backend that is registered, a backend at a time.
 * @returns a line for each that differs
 */
export async function comparePrograms(
  backend: string,
  { first, count }: { first: number; count: number },
  tolerance: number,
): Promise<string[]> {
  const outcomes = async (name: string) => {
    await tf.setBackend(name)
    const all: Outcome[] = []
    for (let seed = first; seed < first + count; seed++) all.push(await runProgram(seed))
    return all
  }
  const expected = await outcomes('cpu')
  const found = await outcomes(backend)
  return found.flatMap((one, i) => compareOutcomes(one, expected[i]!, tolerance) ?? [])
}
