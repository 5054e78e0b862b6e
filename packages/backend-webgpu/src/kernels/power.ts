// Powers as Math.pow has them, also of and by zeros, infinities and NaN: what WGSL's pow gives for a base that is not
// above zero is the driver's choice, and tfjs's kernel takes −∞ to ½ for NaN.

import * as tf from '@tensorflow/tfjs'
import type { AlexNetWebGPUBackend } from '../backend.ts'
import { run } from '../program.ts'
import { elementwise, workgroupsOf } from './elementwise.wgsl.ts'
import type { Kernel, TfjsKernel } from './kernel.ts'

// WGSL has no constants for infinity and NaN, and compilers may take comparisons with them for known.
const fields = { sizeA: 'u32', sizeB: 'u32', infinity: 'f32', nan: 'f32' } as const

const program = elementwise('Pow', ['a', 'b', 'y'], fields, {
  vectors: false,
  body: `
  let base = a[i % p.sizeA];
  let exponent = b[i % p.sizeB];
  let size = abs(base);
  let whole = floor(exponent) == exponent;
  // Past 2^24 every number is even.
  let odd = whole && abs(exponent) < 16777216.0 && (i32(exponent) & 1) != 0;
  let sign = select(1.0, -1.0, odd && (bitcast<u32>(base) >> 31u) == 1u);
  let bits = vec2<u32>(bitcast<u32>(base), bitcast<u32>(exponent)) & vec2<u32>(0x7fffffffu);
  var power = 0.0;
  if (bits.y == 0u) {
    power = 1.0;
  } else if (any(bits > vec2<u32>(0x7f800000u)) || (bits.y == 0x7f800000u && size == 1.0) ||
             (base < 0.0 && !whole && bits.x != 0x7f800000u)) {
    power = p.nan;
  } else if (bits.y == 0x7f800000u) {
    power = select(0.0, p.infinity, (size > 1.0) == (exponent > 0.0));
  } else if (bits.x == 0u || bits.x == 0x7f800000u) {
    power = sign * select(0.0, p.infinity, (bits.x == 0u) == (exponent < 0.0));
  } else {
    power = sign * pow(size, exponent);
  }
  y[i] = power;`,
})

export const power: Kernel = {
  name: 'Pow',
  run(call, fallback) {
    const { backend } = call
    const { a, b } = call.inputs as { a: tf.TensorInfo; b: tf.TensorInfo }
    const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape)
    const size = tf.util.sizeFromShape(shape)
    if (a.dtype !== 'float32' || b.dtype !== 'float32' || size === 0) return fallback(call)
    const [wholeA, wholeB] = [repeatable(a, shape, backend), repeatable(b, shape, backend)]
    const y = backend.makeTensorInfo(shape, 'float32')
    run(backend, program, {
      buffers: [wholeA, wholeB, y],
      parameters: {
        size,
        sizeA: tf.util.sizeFromShape(wholeA.shape),
        sizeB: tf.util.sizeFromShape(wholeB.shape),
        infinity: Infinity,
        nan: NaN,
      },
      workgroups: workgroupsOf(size),
    })
    for (const [whole, own] of [
      [wholeA, a],
      [wholeB, b],
    ] as const) {
      if (whole !== own) backend.disposeData(whole.dataId)
    }
    return y
  },
}

/** The tensor if a shape is it over and over again, or it repeated to that shape. */
function repeatable(x: tf.TensorInfo, shape: number[], backend: AlexNetWebGPUBackend) {
  const own = x.shape.slice(x.shape.findIndex((length) => length > 1))
  const repeats = tf.util.sizeFromShape(x.shape) === 1
  if (repeats || tf.util.arraysEqual(own, shape.slice(shape.length - own.length))) return x
  const missing = shape.length - x.shape.length
  const whole = { ...x, shape: [...new Array(missing).fill(1), ...x.shape] }
  const reps = shape.map((length, axis) => length / whole.shape[axis]!)
  const tile = tf.getKernel('Tile', 'webgpu')!.kernelFunc as unknown as TfjsKernel
  return tile({ inputs: { x: whole }, attrs: { reps }, backend }) as tf.TensorInfo
}
