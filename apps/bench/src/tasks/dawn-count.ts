// Counts what a WebGPU device is asked to do, kernel by kernel, by listening to its API: the same ears for
// our backend and for tfjs's. Counts do not depend on the device, so they tell something on a software driver
// too.

import * as tf from '@tensorflow/tfjs'
import type { KernelWork } from '../device-report.ts'

export class DawnCounter {
  #work: Record<string, Required<KernelWork>> = {}
  #kernel = ''

  /** Listens to a device before anything is made on it. */
  constructor(device: GPUDevice) {
    const threadsOf = new WeakMap<object, number>()
    const bytesOf = new WeakMap<object, number>()
    wrap(device, 'createShaderModule', (module, { code }) => threadsOf.set(module, threads(code)))
    wrap(device, 'createComputePipeline', (pipeline, { compute }) =>
      threadsOf.set(pipeline, threadsOf.get(compute.module) ?? 1),
    )
    wrap(device, 'createBindGroup', (bindings, { entries }) => {
      const bytes = [...entries].map(
        ({ resource }) => (resource as GPUBufferBinding).buffer?.size ?? 0,
      )
      bytesOf.set(
        bindings,
        bytes.reduce((sum, size) => sum + size, 0),
      )
    })
    wrap(device, 'createCommandEncoder', (encoder) =>
      wrap(encoder, 'beginComputePass', (pass) => {
        let group = 0
        let bytes = 0
        wrap(pass, 'setPipeline', (_, pipeline) => {
          group = threadsOf.get(pipeline) ?? 1
        })
        wrap(pass, 'setBindGroup', (_, ...[, bindings]) => {
          bytes = bytesOf.get(bindings as object) ?? 0
        })
        wrap(pass, 'dispatchWorkgroups', (_, x, y = 1, z = 1) => {
          this.#work[this.#kernel] ??= { runs: 0, threads: 0, bytes: 0 }
          const work = this.#work[this.#kernel]!
          work.runs++
          work.threads += x * y * z * group
          work.bytes += bytes
        })
      }),
    )
  }

  /** Has every kernel of a tfjs backend say when it runs; a kernel that calls others counts theirs too. */
  follow(backendName: string): void {
    for (const { kernelName, kernelFunc, ...rest } of tf.getKernelsForBackend(backendName)) {
      tf.unregisterKernel(kernelName, backendName)
      tf.registerKernel({
        ...rest,
        kernelName,
        kernelFunc: (call) => {
          const outer = this.#kernel
          this.#kernel = outer || kernelName
          try {
            return kernelFunc(call)
          } finally {
            this.#kernel = outer
          }
        },
      })
    }
  }

  /** What was done since the last call, by kernel. */
  take(): Record<string, KernelWork> {
    const work = this.#work
    this.#work = {}
    return work
  }
}

type Method<T, K extends keyof T> = T[K] extends (...args: infer A) => infer R
  ? (result: R, ...args: A) => void
  : never

/** Has a function see each call of an object's method, and what it gave. */
function wrap<T extends object, K extends keyof T>(object: T, name: K, see: Method<T, K>): void {
  const original = (object[name] as (...args: unknown[]) => unknown).bind(object)
  const seen = see as unknown as (result: unknown, ...args: unknown[]) => void
  object[name] = ((...args: unknown[]) => {
    const result = original(...args)
    seen(result, ...args)
    return result
  }) as T[K]
}

/** Threads of a workgroup, from a shader's text; tfjs writes sizes out as numbers too. */
function threads(code: string): number {
  const sizes = /@workgroup_size\(([^)]*)\)/.exec(code)?.[1] ?? '1'
  return sizes
    .split(',')
    .map((size) => Number.parseInt(size, 10))
    .reduce((product, size) => product * (size || 1), 1)
}
