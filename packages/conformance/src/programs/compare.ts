// Random programs on a backend beside tfjs's cpu, which computes in float64 between its tensors.

import * as tf from '@tensorflow/tfjs'
import { type Bounds, compareOutcomes, type Outcome, runProgram } from './run.ts'

/** What a GPU's programs are held to, and what they are drawn without. */
export const onGPU = {
  tolerance: 1e-4,
  leftOut: [
    // WGSL's sine is within 2^-11, GLSL's has no bound at all.
    'sin',
    // A shader may take numbers below float32's normal ones for zero.
    'step',
  ],
}

/** And on WebGL. */
export const onWebGL = { ...onGPU, copiesReshaped: true }

/**
 * Runs so many programs from a seed on tfjs's cpu and on a backend that is registered, a backend at a time.
 *
 * @param leftOut names of operations that the programs are drawn without
 * @returns a line for each that differs
 */
export async function comparePrograms(
  backend: string,
  { first, count }: { first: number; count: number },
  { leftOut = [], ...bounds }: Bounds & { leftOut?: readonly string[] },
): Promise<string[]> {
  const outcomes = async (name: string) => {
    await tf.setBackend(name)
    const all: Outcome[] = []
    for (let seed = first; seed < first + count; seed++) all.push(await runProgram(seed, leftOut))
    return all
  }
  const expected = await outcomes('cpu')
  const found = await outcomes(backend)
  return found.flatMap((one, i) => compareOutcomes(one, expected[i]!, bounds) ?? [])
}
