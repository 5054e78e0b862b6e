// The parts of tfjs's WebGL backend (4.22) that this package builds on. The umbrella package exports neither
// the class nor its types, so the class is taken from an instance that the registered factory makes.

import * as tf from '@tensorflow/tfjs'

/** A fragment shader over textures, as tfjs's shader compiler takes it. */
export interface ShaderProgram {
  variableNames: string[]
  outputShape: number[]
  /** GLSL with a `main` that calls `setOutput`; part of the key under which the program is cached. */
  userCode: string
  /** Texels of 2×2 elements instead of one. */
  packedInputs?: boolean
  packedOutput?: boolean
  customUniforms?: { name: string; type: 'float' | 'int' }[]
}

export interface GPGPUContext {
  gl: WebGL2RenderingContext
  framebuffer: WebGLFramebuffer
  program: WebGLProgram | null
  parallelCompilationExtension: { COMPLETION_STATUS_KHR: number } | null
  /** Fences that are waited for; emptied to end the wait. */
  itemsToPoll: unknown[]
  deleteMatrixTexture(texture: WebGLTexture): void
  dispose(): void
}

/** Textures in use and kept for reuse. */
export interface TextureManager {
  freeTextures: Record<string, { texture: WebGLTexture }[]> | null
  numFreeTextures: number
  _numBytesAllocated: number
  _numBytesFree: number
}

export interface Binary {
  webGLProgram: WebGLProgram
  fragmentShader: WebGLShader
}

/** tfjs's MathBackendWebGL. */
export interface TfjsWebGL extends tf.KernelBackend {
  gpgpu: GPGPUContext
  textureManager: TextureManager
  /** Bytes of the textures in use. */
  numBytesInGPU: number
  binaryCache: Record<string, Binary>
  makeTensorInfo(shape: number[], dtype: tf.DataType, values?: unknown): tf.TensorInfo
  acquireTexture(
    shape: [number, number],
    usage: unknown,
    dtype: tf.DataType,
    isPacked: boolean,
  ): unknown
  runWebGLProgram(
    program: ShaderProgram,
    inputs: tf.TensorInfo[],
    dtype: tf.DataType,
    customUniformValues?: number[][],
    ...rest: unknown[]
  ): tf.TensorInfo
  uploadToGPU(dataId: object): void
  disposeIntermediateTensorInfo(info: tf.TensorInfo): void
  getUniformLocations(): void
}

export interface TfjsClasses {
  Backend: new (gpgpu: GPGPUContext) => TfjsWebGL
  Context: new (gl: WebGL2RenderingContext) => GPGPUContext
  /** Undoes that tfjs takes the last context made for the one that its own backends share. */
  restoreShared(): void
}

/**
 * tfjs's classes.
 *
 * @throws Error where tfjs has no WebGL backend, as outside of browsers.
 */
export function tfjsClasses(): TfjsClasses {
  const factory = tf.findBackendFactory('webgl')
  if (!factory) throw new Error('this build of TensorFlow.js has no WebGL backend')
  const stock = factory() as unknown as TfjsWebGL
  const Context = stock.gpgpu.constructor as TfjsClasses['Context']
  // Only its own buffers: its programs are shared with a 'webgl' backend that may be running.
  stock.gpgpu.dispose()
  return {
    Backend: stock.constructor as TfjsClasses['Backend'],
    Context,
    restoreShared: () => new Context(stock.gpgpu.gl).dispose(),
  }
}
