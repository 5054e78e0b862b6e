// GLSL that both pooling gradients share: which windows hold a pixel.

import type { WindowShapes } from '@alexnet/backend/kernels'

/** GLSL that runs `body` for each window (`r`, `c`) that holds the pixel of the output coordinates. */
export function forEachWindow(info: WindowShapes, body: string): string {
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
