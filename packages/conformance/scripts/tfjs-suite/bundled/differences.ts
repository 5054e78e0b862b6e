// Where our backends answer one of tfjs-core's tests otherwise than tfjs's own backend in the same runtime, on
// purpose, each with its reason: a failure that is not listed here is a fault, and so is a listed one that passes.

import type { Runtime } from './backends.ts'

export interface Difference {
  /** Pattern of the tests' names. */
  test: string
  /** Beginnings of the backends' names. */
  backends: readonly string[]
  reason: string
}

export const differences: readonly Difference[] = [
  {
    test: String.raw`^avgPool gradient x=\[3,3,1\] f=\[3,3\] s=1 p=explicit$`,
    backends: ['alexnet-cpu', 'alexnet-webgl', 'alexnet-webgpu'],
    reason:
      'the gradient of a mean is divided by the pixels that the mean was taken of; tfjs divides by the whole window, which central differences contradict',
  },
  {
    test: '^conv2dTranspose input=8x8x8,output=4x4x8,f=8,s=1,inDepth=8,p=same vec4$',
    backends: ['alexnet-cpu', 'alexnet-webgl', 'alexnet-webgpu'],
    reason: 'a map of 8×8 belongs to no picture of 4×4: refused, where tfjs reads past its end',
  },
  {
    test: String.raw`^maxPool \[?x=\[3,3,1\] f=\[2,2\] s=1 ignores NaNs$`,
    backends: ['alexnet-cpu'],
    reason: 'the largest of a window with a NaN is NaN, as in PyTorch; tfjs ignores it',
  },
  {
    test: String.raw`^pool (max|avg) x=\[2,2,3\] f=\[1,1\] s=2 p=1 fractional outputs default rounding$`,
    backends: ['alexnet-cpu'],
    reason:
      'windows of padding alone, −∞ and 0; tfjs returns its input for every window of 1×1, though stride 2 and padding 1 select other pixels',
  },
  {
    test: '^(cos gradients: Scalar|cos gradient with clones|tan gradients: Tensor2D)$',
    backends: ['alexnet-webgl'],
    reason:
      "the same numbers as tfjs's, held to float32's tolerance of 1e-3: it reports the device's precision, where tfjs reports 16 bits and is held to 1e-1",
  },
]

const LOSES = "loses the software driver's device, with tfjs's backend too"

/** Tests that are left out on backends, and why. */
export const leftOut: readonly (Difference & { runtime: Runtime })[] = [
  {
    test: '^draw on canvas context',
    backends: ['tfjs webgpu', 'alexnet-webgpu'],
    runtime: 'chromium',
    reason: `drawing on a canvas ${LOSES}`,
  },
  {
    test: String.raw`^tensor\.toString .*complex64`,
    backends: ['tfjs webgpu', 'alexnet-webgpu'],
    runtime: 'chromium',
    reason: `reading without waiting, which tfjs does by way of a canvas, ${LOSES}`,
  },
  {
    test: '^fromPixels fromPixels for HTMLVideoElement$',
    backends: ['tfjs webgpu', 'alexnet-webgpu'],
    runtime: 'chromium',
    reason: `copying a video's picture ${LOSES}`,
  },
  {
    test: '^draw on canvas context',
    backends: ['alexnet-webgl', 'tfjs webgl'],
    runtime: 'chromium',
    reason: "the tests take the backend's name for that of a canvas's context",
  },
]

/** Tests whose outcome depends on the machine's clock: they hold nothing. */
export const UNSTEADY = '^time cpu'

/** The entry of a list that a test of a backend falls under. */
export function entryFor<D extends Difference>(
  entries: readonly D[],
  backend: string,
  test: string,
): D | undefined {
  return entries.find(
    (entry) =>
      entry.backends.some((name) => backend.startsWith(name)) && new RegExp(entry.test).test(test),
  )
}
