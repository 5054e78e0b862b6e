// Times the kernels of a tfjs backend: those of plain JavaScript, which ours is built on, so that what it leaves to
// them is known by name. A kernel that calls others has their time too.

import * as tf from '@tensorflow/tfjs'
import type { JavaScriptShare } from '../any-report.ts'

/** Shares below this are not named. */
const LEAST = 0.005

export class KernelClock {
  #milliseconds = new Map<string, number>()
  #isInside = false

  /** Listens to the kernels of a backend; one that takes them afterwards takes those. */
  constructor(backendName: string) {
    for (const { kernelName, kernelFunc, ...rest } of tf.getKernelsForBackend(backendName)) {
      tf.unregisterKernel(kernelName, backendName)
      const timed: tf.KernelFunc = (call) => {
        if (this.#isInside) return kernelFunc(call)
        this.#isInside = true
        const begin = performance.now()
        try {
          return kernelFunc(call)
        } finally {
          this.#isInside = false
          const passed = performance.now() - begin
          this.#milliseconds.set(kernelName, (this.#milliseconds.get(kernelName) ?? 0) + passed)
        }
      }
      tf.registerKernel({ ...rest, kernelName, kernelFunc: timed })
    }
  }

  /** Forgets what was timed. */
  reset(): void {
    this.#milliseconds.clear()
  }

  /** Each kernel's part of so many milliseconds, the largest first. */
  shares(milliseconds: number): JavaScriptShare {
    const all = [...this.#milliseconds].map(([name, own]) => ({ name, share: own / milliseconds }))
    return {
      share: all.reduce((sum, { share }) => sum + share, 0),
      kernels: all.filter(({ share }) => share >= LEAST).sort((a, b) => b.share - a.share),
    }
  }
}
