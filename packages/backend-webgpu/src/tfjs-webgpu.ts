// What is used of tfjs's WebGPU backend: its class, whose members are private by type and not by nature,
// described here. It is imported when a backend starts and not before, because the import registers kernels.

import type * as tf from '@tensorflow/tfjs'

/** What tfjs keeps of a tensor. */
export interface TensorData {
  /** Values on the processor: not yet uploaded, or read back. */
  /** Null or undefined where they are on the device only. */
  values: tf.BackendValues | null | undefined
  dtype: tf.DataType
  shape?: number[]
  refCount: number
  resource?: GPUBuffer | null
}

export interface BufferManager {
  numBytesAllocated: number
  numBytesUsed: number
  numFreeBuffers: number
  freeBuffers: Map<string, GPUBuffer[]>
  acquireBuffer(size: number, usage: number, mappedAtCreation?: boolean, reuse?: boolean): GPUBuffer
}

export interface TfjsWebGPU extends tf.KernelBackend {
  readonly device: GPUDevice
  readonly queue: GPUQueue
  readonly bufferManager: BufferManager
  readonly tensorMap: tf.DataStorage<TensorData>
  pipelineCache: Record<string, GPUComputePipeline | Promise<GPUComputePipeline>>
  commandEncoder: GPUCommandEncoder | null
  computePassEncoder: GPUComputePassEncoder | null
  commandQueueOwnedIds: WeakSet<object>
  uniformPendingDisposal: GPUBuffer[]
  dispatchCountInPass: number
  /** Of the innermost `tf.time` under way. */
  activeTimers?: { name: string; query: Promise<number> }[] | null
  supportTimestampQuery: boolean
  querySet: GPUQuerySet | null
  querySetCount: number
  makeTensorInfo(shape: number[], dtype: tf.DataType, values?: unknown): tf.TensorInfo
  shouldExecuteOnCPU(inputs: tf.TensorInfo[]): boolean
  uploadToGPU(dataId: object): void
  runWebGPUProgram(
    program: object,
    inputs: tf.TensorInfo[],
    dtype: tf.DataType,
    uniforms?: unknown,
    output?: tf.TensorInfo,
  ): tf.TensorInfo
  ensureCommandEncoderReady(): void
  endComputePassEncoder(): void
  submitQueue(): void
  checkCompileCompletionAsync(): Promise<void>
  move(
    dataId: object,
    values: tf.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void
  /** Times the pass that was just ended; counts on `activeTimers`. */
  getQueryTime(): Promise<number>
}

export type TfjsWebGPUClass = new (device: GPUDevice, info: GPUAdapterInfo) => TfjsWebGPU

/** Registers tfjs's WebGPU kernels, under tfjs's own name, and returns its backend's class. */
export async function loadTfjsWebGPU(): Promise<TfjsWebGPUClass> {
  const module = (await import('@tensorflow/tfjs-backend-webgpu')) as unknown as Record<
    string,
    unknown
  > & { default?: Record<string, unknown> }
  return (module.WebGPUBackend ?? module.default?.WebGPUBackend) as TfjsWebGPUClass
}
