// tfjs's own backend in plain JavaScript as an adapter: hundreds of times slower than the others and
// there on every machine, so it belongs at the end of a list, or in a test.

import * as tf from '@tensorflow/tfjs'
import type { BackendAdapter } from './adapter.ts'

/** tfjs's `cpu` backend. */
export function tfjsCpu(): BackendAdapter {
  return {
    name: 'cpu',
    isSupported: async () =>
      tf.findBackendFactory('cpu') !== null || 'this build of TensorFlow.js has no cpu backend',
    start: async () => ({
      device: 'CPU, plain JavaScript, one thread',
      build: 'javascript',
      features: [],
    }),
  }
}
