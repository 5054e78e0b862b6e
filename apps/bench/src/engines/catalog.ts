// The engines there are: ours and the peers, what each can do, and how to get it where it is missing.

import type { Task } from './session.ts'

export interface EngineEntry {
  name: string
  /** What speaks for it: a Node process, or one of Python's. */
  host: 'node' | 'python'
  /** npm package to look for. */
  package?: string
  tasks: readonly Task[]
  /** Tasks that it takes part in without being asked for. */
  byDefault: readonly Task[]
  inBrowser?: boolean
  /** How to get it, in words. */
  install: string
}

const WORKSPACE = 'run `pnpm install` in the workspace'

/** Ours first: every ratio is to it. */
export const ours: EngineEntry = {
  name: 'alexnet',
  host: 'node',
  package: '@alexnet/backend-cpu',
  tasks: ['infer', 'train', 'kernels', 'memory'],
  byDefault: ['infer', 'train', 'kernels', 'memory'],
  inBrowser: true,
  install: WORKSPACE,
}

export const peers: readonly EngineEntry[] = [
  {
    name: 'ort-web',
    host: 'node',
    package: 'onnxruntime-web',
    tasks: ['infer'],
    byDefault: ['infer'],
    inBrowser: true,
    install: WORKSPACE,
  },
  {
    name: 'litert',
    host: 'node',
    package: '@litertjs/core',
    tasks: [],
    byDefault: [],
    inBrowser: true,
    install: WORKSPACE,
  },
  {
    name: 'ort-node',
    host: 'node',
    package: 'onnxruntime-node',
    tasks: ['infer'],
    byDefault: ['infer'],
    install:
      'run `npm install --prefix .tools/peers onnxruntime-node@1.30.0 --ignore-scripts` (290 MB)',
  },
  {
    name: 'pytorch',
    host: 'python',
    tasks: ['infer', 'train', 'kernels', 'memory'],
    byDefault: ['infer', 'train', 'kernels', 'memory'],
    install:
      'install it (Debian: python3-torch and libopenblas0-pthread; elsewhere pip install torch numpy), and name that Python with --python',
  },
  {
    name: 'tfjs-wasm',
    host: 'node',
    package: '@tensorflow/tfjs-backend-wasm',
    tasks: ['infer', 'kernels'],
    byDefault: ['infer'],
    inBrowser: true,
    install: WORKSPACE,
  },
  {
    name: 'tfjs-cpu',
    host: 'node',
    package: '@tensorflow/tfjs',
    tasks: ['infer', 'train', 'kernels', 'memory'],
    // Seconds a picture.
    byDefault: [],
    install: WORKSPACE,
  },
  {
    name: 'jax-js',
    host: 'node',
    package: '@jax-js/jax',
    tasks: ['infer'],
    byDefault: [],
    install: WORKSPACE,
  },
]

export const engineNames = peers.map(({ name }) => name)
