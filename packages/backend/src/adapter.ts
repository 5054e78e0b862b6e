// The contract between a program and a backend package: an adapter is a value that says whether this
// machine can run its backend and starts it. Packages export a function that returns one
// (`cpu({ threads: 2 })`); importing them does nothing. This file changes rarely, because every backend
// package depends on it.

/** One way to run TensorFlow.js. */
export interface BackendAdapter {
  /** The name under which start registers a tfjs backend. Must not contain an underscore. */
  readonly name: string
  /** True, or the reason why this machine cannot run it, in words a user can act on. */
  isSupported(): Promise<true | string>
  /** Registers the tfjs backend called `name` and gets it ready; rejects with the reason if it cannot. */
  start(): Promise<StartedBackend>
}

export interface StartedBackend {
  /** The device in words: a GPU's name, or the kind of processor and its threads. */
  device: string
  /** What it makes use of, e.g. 'relaxed-simd' or 'shader-f16'. */
  features: string[]
  /** Which of its programs it runs: a WebAssembly build, or the language of its shaders. */
  build?: string
  /** Threads of the processor that compute, the calling one included. Default 1. */
  threads?: number
  /** 'float16' for a device of half precision, good for inference alone. Default 'float32'. */
  precision?: 'float32' | 'float16'
  /** Resolves, with the reason, if the device is lost. Absent for devices that cannot be. */
  lost?: Promise<Error>
  /** Undoes start; called when the backend fails the self-check. */
  stop?(): void | Promise<void>
}

export interface SkippedBackend {
  name: string
  reason: string
}
