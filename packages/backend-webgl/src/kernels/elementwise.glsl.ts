// Programs that compute one expression of tensors of the same shape, or of shapes that broadcast.

import type { ShaderProgram } from '../tfjs-webgl.ts'

/**
 * @param shape of the result, to which the operands' broadcast
 * @param names of the operands, in the order in which the program is given them
 * @param expression GLSL over the operands and uniforms by their names, each a vec4 or a float
 * @param uniforms numbers that change without a new program
 * @param functions GLSL that the expression calls
 */
export function elementwise(
  shape: number[],
  names: readonly string[],
  expression: (type: 'vec4' | 'float') => string,
  uniforms: readonly string[] = [],
  functions = '',
): ShaderProgram {
  // Texels of four elements, up to the rank that tfjs packs.
  const packed = shape.length <= 4
  const type = packed ? 'vec4' : 'float'
  const read = (name: string) =>
    `${type} ${name} = get${name[0]!.toUpperCase()}${name.slice(1)}InAtOutCoords();`
  return {
    variableNames: names.map((name) => `${name}In`),
    outputShape: shape,
    packedInputs: packed,
    packedOutput: packed,
    customUniforms: uniforms.map((name) => ({ name, type: 'float' })),
    userCode: `
      ${functions}
      void main() {
        ${names.map(read).join('\n        ')}
        setOutput(${expression(type)});
      }
    `,
  }
}
