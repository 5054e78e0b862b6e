// Powers as Math.pow has them, also of and by zeros, infinities and NaN: what GLSL's pow gives for a base that is not
// above zero is the driver's choice, and tfjs's kernel takes −∞ to ½ for NaN.

import * as tf from '@tensorflow/tfjs'
import { elementwise } from './elementwise.glsl.ts'
import { type Kernel, stock } from './kernel.ts'

// By bits: drivers may take comparisons with infinity and NaN for known.
const functions = `
  float powerOf(float base, float exponent) {
    float infinity = uintBitsToFloat(0x7f800000u);
    float size = abs(base);
    uint baseBits = floatBitsToUint(base) & 0x7fffffffu;
    uint exponentBits = floatBitsToUint(exponent) & 0x7fffffffu;
    bool whole = floor(exponent) == exponent;
    // Past 2^24 every number is even.
    bool odd = whole && abs(exponent) < 16777216.0 && (int(exponent) & 1) != 0;
    float side = odd && floatBitsToUint(base) >> 31 == 1u ? -1.0 : 1.0;
    if (exponentBits == 0u) return 1.0;
    if (max(baseBits, exponentBits) > 0x7f800000u || (exponentBits == 0x7f800000u && size == 1.0) ||
        (base < 0.0 && !whole && baseBits != 0x7f800000u)) return NAN;
    if (exponentBits == 0x7f800000u) return (size > 1.0) == (exponent > 0.0) ? infinity : 0.0;
    if (baseBits == 0u || baseBits == 0x7f800000u)
      return side * ((baseBits == 0u) == (exponent < 0.0) ? infinity : 0.0);
    return side * pow(size, exponent);
  }
  vec4 powerOf(vec4 base, vec4 exponent) {
    return vec4(powerOf(base.x, exponent.x), powerOf(base.y, exponent.y),
                powerOf(base.z, exponent.z), powerOf(base.w, exponent.w));
  }`

export const power: Kernel = {
  name: 'Pow',
  run(call) {
    const { a, b } = call.inputs as { a: tf.TensorInfo; b: tf.TensorInfo }
    const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape)
    const isEmpty = tf.util.sizeFromShape(shape) === 0
    if (a.dtype !== 'float32' || b.dtype !== 'float32' || isEmpty) return stock('Pow', call)
    const program = elementwise(
      shape,
      ['base', 'exponent'],
      () => 'powerOf(base, exponent)',
      [],
      functions,
    )
    return call.backend.runWebGLProgram(program, [a, b], 'float32')
  },
}
