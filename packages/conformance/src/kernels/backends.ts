// What the kernel suites know of a backend: how it is started and what it declares of itself. Where it may
// differ, its entry says so and the suites hold it to what it says.

import type { BackendAdapter } from '@alexnet/backend'

export interface TestedBackend {
  name: string
  adapter: () => BackendAdapter
  /** False for one too slow for AlexNet's own shapes: it gets the small random ones. */
  fast: boolean
  /**
   * Share of the random shapes that it gets, and less than the whole of the largest layers, for a driver that
   * compiles each shape for long and computes on the processor. Default 1.
   */
  share?: number
  /**
   * Largest error of a convolution relative to its answer's largest value, where it is more than
   * float32 sums have: Winograd's method trades accuracy for multiplications.
   */
  convolutionBound?: number
  /** Whether it has products by weights in int8 or half precision (QuantizedMatMul). */
  quantized?: boolean
  /** Whether the suites of other networks' operations are for it: its own kernels do them. */
  otherNetworks?: boolean
  /** What it sums in, where that is not float64. */
  sums?: 'float32'
  /** Why the gradient of average pooling is wrong at padded borders, and how. */
  averagePoolingGradient?: 'divides by the whole window'
  /** What is wrong with the gradients of resizing. */
  resizingGradient?: 'ignores centres'
  /** What is wrong with products whose batches broadcast against each other along different axes. */
  crossedBatches?: 'takes batches in turn'
}

/** The tests of one operation, which run on a backend that is current. */
export type Suite = (backend: TestedBackend) => void
