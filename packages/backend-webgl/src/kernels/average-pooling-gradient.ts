// The gradient of average pooling. The forward pass divides by the pixels that a window holds of the
// picture; tfjs's gradient divides by the window's whole size, which is wrong at padded borders. Here each
// pixel visits the windows that hold it and takes its share by each one's own count.

import { poolingShapes } from '@alexnet/backend/kernels'
import type * as tf from '@tensorflow/tfjs'
import { type Kernel, zeros } from './kernel.ts'
import { forEachWindow } from './pooling-window.ts'

export const averagePoolingGradient: Kernel = {
  name: 'AvgPoolGrad',
  run(call) {
    const { inputs, attrs, backend } = call
    const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo }
    const info = poolingShapes({
      name: 'AvgPoolGrad',
      attrs,
      pictureShape: input.shape,
      mapShape: dy.shape,
    })
    if (info.outHeight * info.outWidth === 0) return zeros(call, input.shape)
    const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info
    // How many pixels of an axis a window holds.
    const held = (w: string, size: number, stride: number, before: number, length: number) =>
      `(min(${w} * ${stride} - ${before} + ${size}, ${length}) - max(${w} * ${stride} - ${before}, 0))`
    const share = `
            int rows = ${held('r', filterHeight, strideHeight, padInfo.top, info.inHeight)};
            int columns = ${held('c', filterWidth, strideWidth, padInfo.left, info.inWidth)};
            sum += getDy(coords[0], r, c, coords[3]) / float(rows * columns);`
    const program = {
      variableNames: ['dy'],
      outputShape: input.shape,
      userCode: `
      void main() {
        ivec4 coords = getOutputCoords();
        float sum = 0.0;${forEachWindow(info, share)}
        setOutput(sum);
      }
    `,
    }
    return backend.runWebGLProgram(program, [dy], 'float32')
  },
}
