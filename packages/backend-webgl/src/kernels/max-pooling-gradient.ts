// The gradient of max pooling goes to the first largest pixel of a window, as in PyTorch and in tfjs's cpu
// backend; tfjs's WebGL kernel gives it to the last. It also finds the largest anew, a pass over all windows
// with a texture of positions; here a pixel that equals a window's output looks only whether an earlier one
// does too.

import { poolingShapes } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import { type Kernel, zeros } from './kernel.ts'
import { forEachWindow } from './pooling-window.ts'

export const maxPoolingGradient: Kernel = {
  name: 'MaxPoolGrad',
  run(call) {
    const { inputs, attrs, backend } = call
    const { dy, input, output } = inputs as Record<'dy' | 'input' | 'output', tf.TensorInfo>
    const info = poolingShapes({
      name: 'MaxPoolGrad',
      attrs,
      pictureShape: input.shape,
      mapShape: dy.shape,
    })
    tf.util.assertShapesMatch(output.shape, dy.shape, 'MaxPoolGrad: ')
    if (info.outHeight * info.outWidth === 0) return zeros(call, input.shape)
    const claim = `
            if (value != getY(coords[0], r, c, coords[3])) continue;
            int top = max(0, r * ${info.strideHeight} - ${info.padInfo.top});
            int left = c * ${info.strideWidth} - ${info.padInfo.left};
            int right = min(${info.inWidth}, left + ${info.filterWidth});
            left = max(0, left);
            bool isFirst = true;
            for (int y = top; y <= coords[1] && isFirst; y++) {
              int end = y == coords[1] ? coords[2] : right;
              for (int x = left; x < end; x++) {
                if (getX(coords[0], y, x, coords[3]) == value) {
                  isFirst = false;
                  break;
                }
              }
            }
            if (isFirst) sum += getDy(coords[0], r, c, coords[3]);`
    const program = {
      variableNames: ['dy', 'x', 'y'],
      outputShape: input.shape,
      userCode: `
      void main() {
        ivec4 coords = getOutputCoords();
        float value = getXAtOutCoords();
        float sum = 0.0;${forEachWindow(info, claim)}
        setOutput(sum);
      }
    `,
    }
    return backend.runWebGLProgram(program, [dy, input, output], 'float32')
  },
}
