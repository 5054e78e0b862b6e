// Pooling: forward tfjs's own kernels, for windows that fit, and gradients of ours, in which a pixel visits the windows
// that hold it. That of max pooling goes to the first largest pixel of a window, as in PyTorch and in tfjs's cpu backend;
// tfjs's WebGL kernel gives it to the last, and finds the largest anew, a pass over all windows with a texture of
// positions, where here a pixel that equals a window's output looks only whether an earlier one does too. That of average
// pooling takes each window's share by the pixels that it holds of the picture, as the forward pass divides; tfjs's
// divides by the window's whole size, which is wrong at padded borders.

import { poolingShapes, type WindowShapes } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import { type Kernel, stock, zeros } from './kernel.ts'

const pooling = (name: string): Kernel => ({
  name,
  run(call) {
    poolingShapes({ name, attrs: call.attrs, pictureShape: call.inputs.x!.shape })
    return stock(name, call)
  },
})

export const maxPool = pooling('MaxPool')
export const avgPool = pooling('AvgPool')

export const maxPoolGrad: Kernel = {
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

export const avgPoolGrad: Kernel = {
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

/** GLSL that runs `body` for each window (`r`, `c`) that holds the pixel of the output coordinates. */
function forEachWindow(info: WindowShapes, body: string): string {
  const first = (pixel: string, size: number, stride: number) =>
    `max(0, (${pixel} - ${size} + ${stride}) / ${stride})`
  const last = (pixel: string, stride: number, count: number) =>
    `min(${count - 1}, ${pixel} / ${stride})`
  return `
        int row = coords[1] + ${info.padInfo.top};
        int column = coords[2] + ${info.padInfo.left};
        int lastRow = ${last('row', info.strideHeight, info.outHeight)};
        int lastColumn = ${last('column', info.strideWidth, info.outWidth)};
        int firstColumn = ${first('column', info.filterWidth, info.strideWidth)};
        for (int r = ${first('row', info.filterHeight, info.strideHeight)}; r <= lastRow; r++) {
          for (int c = firstColumn; c <= lastColumn; c++) {${body}
          }
        }`
}
