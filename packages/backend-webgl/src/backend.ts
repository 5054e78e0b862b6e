// tfjs's WebGL backend with a guard at every door. tfjs goes on computing when the browser has taken the
// context away: programs run on nothing, reads give zeros or wait for ever, and training continues on them
// (tfjs issue 756). Here everything that touches the device first asks whether the context is there, values
// that were read are believed only if it still was, and waiting reads are ended. Beside that: a memory
// budget, and float32's epsilon where tfjs takes float16's.

import { BackendStoppedError, OutOfMemoryError } from '@alexnet/backend'
import type { DeviceMemory } from '@alexnet/backend/kernels'
import type * as tf from '@tensorflow/tfjs'
import { ContextLostError } from './errors.ts'
import type { ShaderProgram, TfjsClasses, TfjsWebGL } from './tfjs-webgl.ts'

export interface BackendOptions {
  name: string
  /** Most bytes of textures. */
  memoryLimit: number
  float32: boolean
}

export interface AlexNetWebGLBackend extends TfjsWebGL {
  memory(): DeviceMemory
  /** Resolves when the context is lost. */
  readonly lost: Promise<ContextLostError>
  /** Whether it can do nothing any more: it was stopped, or its context lost. */
  readonly ended: boolean
  /** Runs a kernel; what it had made is freed if it throws. */
  undoOnError<T>(kernel: () => T): T
  /** True where the device computes in half precision only. */
  readonly halfPrecision: boolean
}

/** What the canary pixel holds; nothing that a cleared or missing buffer would give. */
const CANARY = [91, 7, 213, 166]

/** A tensor does not follow what is done with an array that it was made from or read into. */
const copyOf = (values: tf.BackendValues) => (values as Float32Array).slice() as tf.BackendValues

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`

/** A backend over a context that nobody else uses. */
export function createBackend(
  { Backend, Context }: TfjsClasses,
  gl: WebGL2RenderingContext,
  { name, memoryLimit, float32 }: BackendOptions,
): AlexNetWebGLBackend {
  class Guarded extends Backend implements AlexNetWebGLBackend {
    readonly halfPrecision = !float32
    readonly lost: Promise<ContextLostError>
    #tellLost!: (error: ContextLostError) => void
    /** Why nothing can be done any more, once that is so. */
    #ended: Error | undefined
    /** Rejects the reads that wait for the device. */
    readonly #waiting = new Set<(error: Error) => void>()
    /** A data id for each reference that the running kernel has made; undefined outside of kernels. */
    #made: object[] | undefined
    readonly #canary: WebGLFramebuffer

    constructor() {
      super(new Context(gl))
      this.lost = new Promise((resolve) => {
        this.#tellLost = resolve
      })
      this.#canary = makeCanary(gl)
      // No preventDefault: a restored context would be an empty one.
      gl.canvas.addEventListener('webglcontextlost', () => this.#lose())
    }

    #lose(): void {
      if (this.#ended) return
      const error = new ContextLostError(
        `the WebGL context of '${name}' was lost (driver reset, memory pressure, or a page in the background), and with it every tensor on the device: start a backend anew and go on from the last checkpoint`,
      )
      this.#end(error)
      this.#tellLost(error)
    }

    #end(error: Error): void {
      this.#ended = error
      // Their fences will never pass.
      this.gpgpu.itemsToPoll = []
      for (const reject of this.#waiting) reject(error)
      this.#waiting.clear()
    }

    get ended(): boolean {
      return this.#ended !== undefined
    }

    #guard(): void {
      if (!this.#ended && gl.isContextLost()) this.#lose()
      if (this.#ended) throw this.#ended
    }

    /** Values that a lost context gives are all zeros: such are believed only if the canary is alive. */
    #believe<T>(values: T): T {
      this.#guard()
      if (!isAllZeros(values)) return values
      const pixel = new Uint8Array(4)
      gl.bindFramebuffer(gl.FRAMEBUFFER, this.#canary)
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel)
      gl.bindFramebuffer(gl.FRAMEBUFFER, this.gpgpu.framebuffer)
      if (CANARY.some((value, i) => pixel[i] !== value)) this.#lose()
      this.#guard()
      return values
    }

    override memory() {
      const numBytesReserved = this.textureManager._numBytesAllocated
      return { ...super.memory(), numBytesInUse: this.numBytesInGPU, numBytesReserved }
    }

    override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): object {
      this.#guard()
      // Uploaded when first used: it must not follow what its maker does with the array until then.
      return super.write(ArrayBuffer.isView(values) ? copyOf(values) : values, shape, dtype)
    }

    override move(
      dataId: object,
      values: tf.BackendValues,
      shape: number[],
      dtype: tf.DataType,
      refCount: number,
    ): void {
      this.#guard()
      super.move(dataId, values, shape, dtype, refCount)
    }

    override uploadToGPU(dataId: object): void {
      this.#guard()
      super.uploadToGPU(dataId)
    }

    override runWebGLProgram(
      program: ShaderProgram,
      inputs: tf.TensorInfo[],
      dtype: tf.DataType,
      uniforms?: number[][],
      ...rest: unknown[]
    ): tf.TensorInfo {
      this.#guard()
      return super.runWebGLProgram(program, inputs, dtype, uniforms, ...rest)
    }

    override readSync(dataId: object): tf.BackendValues {
      this.#guard()
      return copyOf(this.#believe(super.readSync(dataId)))
    }

    override read(dataId: object): Promise<tf.BackendValues> {
      return new Promise((resolve, reject) => {
        this.#guard()
        this.#waiting.add(reject)
        super
          .read(dataId)
          .then((values) => resolve(copyOf(this.#believe(values))))
          .catch(reject)
          .finally(() => this.#waiting.delete(reject))
      })
    }

    override makeTensorInfo(shape: number[], dtype: tf.DataType, values?: unknown): tf.TensorInfo {
      const info = super.makeTensorInfo(shape, dtype, values)
      this.#made?.push(info.dataId)
      return info
    }

    override incRef(dataId: object): void {
      super.incRef(dataId)
      this.#made?.push(dataId)
    }

    override disposeData(dataId: object, force?: boolean): boolean {
      const at = this.#made?.lastIndexOf(dataId) ?? -1
      if (at >= 0) this.#made!.splice(at, 1)
      return super.disposeData(dataId, force)
    }

    undoOnError<T>(kernel: () => T): T {
      const outer = this.#made
      const made: object[] = []
      this.#made = made
      try {
        const result = kernel()
        outer?.push(...made)
        return result
      } catch (error) {
        for (const dataId of [...made]) this.disposeData(dataId)
        throw error
      } finally {
        this.#made = outer
      }
    }

    override acquireTexture(
      shape: [number, number],
      usage: unknown,
      dtype: tf.DataType,
      isPacked: boolean,
    ): unknown {
      this.#makeRoom(shape[0] * shape[1] * (float32 ? 4 : 2))
      return super.acquireTexture(shape, usage, dtype, isPacked)
    }

    /** Deletes textures that are kept for reuse when the budget is reached. */
    #makeRoom(bytes: number): void {
      const manager = this.textureManager
      if (manager._numBytesAllocated + bytes <= memoryLimit) return
      for (const textures of Object.values(manager.freeTextures ?? {})) {
        for (const { texture } of textures.splice(0)) this.gpgpu.deleteMatrixTexture(texture)
      }
      manager._numBytesAllocated -= manager._numBytesFree
      manager._numBytesFree = 0
      manager.numFreeTextures = 0
      // Its count of what is allocated takes uploads for four times their size; this one is right.
      const used = this.numBytesInGPU
      if (used + bytes <= memoryLimit) return
      throw new OutOfMemoryError(
        `a texture of ${megabytes(bytes)} does not fit: ${megabytes(used)} of the budget of ${megabytes(memoryLimit)} are in use. Use smaller batches, dispose of tensors, or raise webgl({ memoryLimit })`,
      )
    }

    /** tfjs answers 16 for every device that renders to float32, and adds float16's epsilon to its sums. */
    override floatPrecision(): 16 | 32 {
      return float32 ? 32 : 16
    }

    override epsilon(): number {
      return float32 ? 1e-7 : 1e-4
    }

    override dispose(): void {
      if (this.#ended instanceof BackendStoppedError) return
      super.dispose()
      this.gpgpu.program = null
      this.gpgpu.dispose()
      this.#end(
        new BackendStoppedError(
          `the WebGL backend '${name}' was stopped: its tensors are gone, make them anew`,
        ),
      )
      // Frees the device's memory now and not when the canvas is collected.
      gl.getExtension('WEBGL_lose_context')?.loseContext()
    }
  }
  return new Guarded()
}

/** A framebuffer of one pixel whose value is known. */
function makeCanary(gl: WebGL2RenderingContext): WebGLFramebuffer {
  const texture = gl.createTexture()
  gl.bindTexture(gl.TEXTURE_2D, texture)
  const pixel = new Uint8Array(CANARY)
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 1, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, pixel)
  const framebuffer = gl.createFramebuffer()
  gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer)
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0)
  gl.bindFramebuffer(gl.FRAMEBUFFER, null)
  return framebuffer
}

function isAllZeros(values: unknown): boolean {
  if (!ArrayBuffer.isView(values)) return false
  const numbers = values as unknown as ArrayLike<number>
  for (let i = 0; i < numbers.length; i++) if (numbers[i] !== 0) return false
  return true
}
