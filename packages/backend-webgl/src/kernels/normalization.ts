// The gradient of local response normalisation, y = x · N^-β with N = bias + α Σ x² over the window:
//
//     dx_j = dy_j · N_j^-β − 2αβ · x_j · Σ_i dy_i · y_i / N_i     (i over the windows that hold j)
//
// in two passes of one window each: the terms of the sum, then the rest. tfjs's kernel computes, for each
// element, the norm of every channel of its pixel: channels × window reads where these take two windows.

import type * as tf from '@tensorflow/tfjs'
import type { ShaderProgram } from '../tfjs-webgl.ts'
import type { Kernel } from './kernel.ts'

interface Attributes {
  depthRadius: number
  bias: number
  alpha: number
  beta: number
}

export const lrnGrad: Kernel = {
  name: 'LRNGrad',
  run({ inputs, attrs, backend }) {
    const { x, y, dy } = inputs as Record<'x' | 'y' | 'dy', tf.TensorInfo>
    const attributes = attrs as unknown as Attributes
    const terms = backend.runWebGLProgram(termsProgram(x.shape, attributes), [x, y, dy], 'float32')
    const dx = backend.runWebGLProgram(
      gradientProgram(x.shape, attributes),
      [x, dy, terms],
      'float32',
    )
    backend.disposeIntermediateTensorInfo(terms)
    return dx
  },
}

/** GLSL that leaves the element's norm in `norm` and its window in `first` … `last`. */
const norm = (depth: number, { depthRadius, bias, alpha }: Attributes) => `
        ivec4 coords = getOutputCoords();
        int first = max(0, coords[3] - ${depthRadius});
        int last = min(${depth - 1}, coords[3] + ${depthRadius});
        float squares = 0.0;
        for (int c = first; c <= last; c++) {
          float value = getX(coords[0], coords[1], coords[2], c);
          squares += value * value;
        }
        float norm = float(${bias}) + float(${alpha}) * squares;`

function termsProgram(shape: number[], attributes: Attributes): ShaderProgram {
  return {
    variableNames: ['x', 'y', 'dy'],
    outputShape: shape,
    userCode: `
      void main() {${norm(shape[3]!, attributes)}
        setOutput(getDyAtOutCoords() * getYAtOutCoords() / norm);
      }
    `,
  }
}

function gradientProgram(shape: number[], attributes: Attributes): ShaderProgram {
  const { alpha, beta } = attributes
  return {
    variableNames: ['x', 'dy', 'terms'],
    outputShape: shape,
    userCode: `
      void main() {${norm(shape[3]!, attributes)}
        float sum = 0.0;
        for (int c = first; c <= last; c++) {
          sum += getTerms(coords[0], coords[1], coords[2], c);
        }
        setOutput(getDyAtOutCoords() * pow(norm, -float(${beta}))
          - 2.0 * float(${alpha}) * float(${beta}) * getXAtOutCoords() * sum);
      }
    `,
  }
}
