// What an engine is to the benchmark: something that is started once, stays, and does work when told. The
// same code runs in a Node process, in a browser's page and, spoken to over the same messages, in Python.

import type { KernelCase } from '../kernel-cases.ts'

export const taskNames = ['infer', 'train', 'kernels', 'memory'] as const
/** What engines do; `browser` is `infer` in a page. */
export type Task = (typeof taskNames)[number]

export const weightFormats = ['int8', 'float16'] as const
export type WeightFormat = (typeof weightFormats)[number]

/** Everything an engine needs to start. */
export interface EngineSettings {
  engine: string
  task: Task
  /** Folder of the prepared data, or the address below which it is served. */
  data: string
  variant: string
  size?: number
  batch: number
  threads: number
  /** WebAssembly build of ours; undefined takes the fastest. */
  build?: string
  /** Lets V8 widen vectors to 256 bits, for ours. */
  widen?: boolean
  /** Of ours' fully connected layers, in inference; undefined leaves float32. */
  weights?: WeightFormat
}

export interface EngineInfo {
  /** Build or version in a few words. */
  build: string
  /** Threads it really uses. */
  threads: number
  /** What is measured where it is less than asked for. */
  note?: string
  /** Pictures of one iteration, where it is not the batch. */
  pictures?: number
}

/** Loss and samples of each gradient of a step without dropout, by PyTorch's names and layouts. */
export interface Gradients {
  loss: number
  samples: Record<string, number[]>
}

export interface Session {
  info: EngineInfo
  /** Logits of the whole batch. */
  output?(): Promise<Float32Array>
  /** Of a batch of the prepared picture at this place. */
  gradients?(picture: number): Promise<Gradients>
  /** Makes one kernel's tensors; returns its result at the given places, or why there is none. */
  kernel?(kernel: KernelCase): Promise<number[] | { cannot: string }>
  /** Does n iterations and returns the milliseconds that they took. */
  run(iterations: number): Promise<number>
}

/** Reads the prepared files, wherever the engine is. */
export interface DataReader {
  bytes(file: string): Promise<Uint8Array>
}

/** How many numbers of each gradient are compared. */
export const GRADIENT_SAMPLES = 1024

/** Every so many-th number, from the first. */
export function sampled(values: ArrayLike<number>): number[] {
  const stride = Math.max(1, Math.floor(values.length / GRADIENT_SAMPLES))
  const count = Math.min(GRADIENT_SAMPLES, values.length)
  return Array.from({ length: count }, (_, i) => values[i * stride]!)
}

/** A batch that repeats the prepared pictures (NHWC). */
export function repeatPictures(pictures: Float32Array, batch: number, size: number): Float32Array {
  const length = size * size * 3
  const different = pictures.length / length
  const result = new Float32Array(batch * length)
  for (let i = 0; i < batch; i++) {
    const from = (i % different) * length
    result.set(pictures.subarray(from, from + length), i * length)
  }
  return result
}

/** NHWC to NCHW. */
export function channelsFirst(pictures: Float32Array, size: number): Float32Array {
  const pixels = size * size
  const result = new Float32Array(pictures.length)
  for (let start = 0; start < pictures.length; start += pixels * 3) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      for (let channel = 0; channel < 3; channel++) {
        result[start + channel * pixels + pixel] = pictures[start + pixel * 3 + channel]!
      }
    }
  }
  return result
}

/** The class of each picture of a batch; equal pictures have equal classes. */
export function batchLabels(batch: number, classes: number, different: number): Int32Array {
  return Int32Array.from({ length: batch }, (_, i) => ((i % different) * 7) % classes)
}

export function floats(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
}
