// Local response normalisation across channels (LRN) and its gradient; formulas in normalization.as.

import * as tf from '@tensorflow/tfjs'
import { NORMALIZATION_BLOCK, normalizationParameters } from '../generated/layout.ts'
import type { Kernel, KernelArguments } from './kernel.ts'

const TASK_PIXELS = 64
/** A window reads this many channels past a pixel's ends: less than the memory's slack behind its last block. */
const MOST_RADIUS = 32

/** Of the window; one that reaches every channel is wide enough. */
function radiusOf({ inputs, attrs }: KernelArguments): number {
  return Math.min(attrs.depthRadius as number, inputs.x!.shape.at(-1)! - 1)
}

function covered(call: KernelArguments): boolean {
  const { inputs, attrs } = call
  const powers = [0.5, 0.75, 1]
  return (
    powers.includes(attrs.beta as number) &&
    Number.isInteger(attrs.depthRadius) &&
    radiusOf(call) <= MOST_RADIUS &&
    Object.values(inputs).every(({ dtype }) => dtype === 'float32')
  )
}

function run(
  call: KernelArguments,
  kernel: string,
  operands: { x: number; y: number; dy: number },
) {
  const { inputs, attrs, backend } = call
  const radius = radiusOf(call)
  const { shape } = inputs.x!
  const channels = shape.at(-1)!
  const pixels = tf.util.sizeFromShape(shape) / channels
  const { info, address } = backend.allocate(shape, 'localResponseNormalization')
  const rowBytes = Math.ceil(((channels + 2 * radius + 16) * 4) / 64) * 64
  // Masks and NORMALIZATION_BLOCK rows.
  const scratchBytes = (1 + NORMALIZATION_BLOCK) * rowBytes
  backend.engine.run(
    kernel,
    normalizationParameters,
    {
      ...operands,
      result: address,
      pixels,
      channels,
      radius,
      bias: attrs.bias as number,
      alpha: attrs.alpha as number,
      betaQuarters: (attrs.beta as number) * 4,
      taskPixels: TASK_PIXELS,
      scratch: backend.engine.scratch(scratchBytes),
      scratchBytes,
      rowBytes,
    },
    Math.ceil(pixels / TASK_PIXELS),
  )
  return info
}

export const lrn: Kernel = {
  name: 'LRN',
  run(call, fallback) {
    if (!covered(call)) return fallback(call)
    return run(call, 'normalize', { x: call.backend.address(call.inputs.x!), y: 0, dy: 0 })
  },
}

export const lrnGrad: Kernel = {
  name: 'LRNGrad',
  run(call, fallback) {
    if (!covered(call)) return fallback(call)
    const { inputs, backend } = call
    const x = backend.address(inputs.x!)
    const y = backend.address(inputs.y!)
    const dy = backend.address(inputs.dy!)
    return run(call, 'normalizeGradient', { x, y, dy })
  },
}
