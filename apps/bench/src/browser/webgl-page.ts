// A page of `bench webgl`: one network on our WebGL backend or on tfjs's own, timed on request, and what its
// kernels did: programs run, and bytes of the tensors that they read and wrote.

import { useBackend } from '@alexnet/backend'
import { webgl } from '@alexnet/backend-webgl'
import { crossEntropy, Sgd } from '@alexnet/train'
import * as tf from '@tensorflow/tfjs'
import type { KernelWork } from '../device-report.ts'
import { kernelTensor, seeds } from '../kernel-cases.ts'
import { createModel } from '../network.ts'

export interface WebGLSettings {
  /** 'alexnet' or 'tfjs'. */
  engine: string
  variant: string
  batch: number
  work: 'infer' | 'train'
}

interface WebGLBackend {
  runWebGLProgram(
    program: { outputShape: number[] },
    inputs: tf.TensorInfo[],
    ...rest: unknown[]
  ): tf.TensorInfo
}

const BYTES = 4

/** The kernel that runs, and what each did since the count began; undefined while nothing is counted. */
let current = ''
let counts: Record<string, KernelWork> | undefined

/** Has every kernel of a backend say its name while it runs, and every program count itself. */
function instrument(name: string): void {
  for (const kernel of tf.getKernelsForBackend(name)) {
    tf.unregisterKernel(kernel.kernelName, name)
    tf.registerKernel({
      ...kernel,
      kernelFunc(call) {
        const outer = current
        current = outer || kernel.kernelName
        try {
          return kernel.kernelFunc(call)
        } finally {
          current = outer
        }
      },
    })
  }
  const backend = tf.backend() as unknown as WebGLBackend
  const run = backend.runWebGLProgram.bind(backend)
  backend.runWebGLProgram = (program, inputs, ...rest) => {
    if (counts) {
      counts[current || 'upload and read'] ??= { runs: 0, bytes: 0 }
      const work = counts[current || 'upload and read']!
      work.runs++
      for (const { shape } of [...inputs, { shape: program.outputShape }]) {
        work.bytes += tf.util.sizeFromShape(shape) * BYTES
      }
    }
    return run(program, inputs, ...rest)
  }
}

let once: () => Promise<number[]>

/** What the benchmark calls. */
const bench = {
  async start({ engine, variant, batch, work }: WebGLSettings) {
    let device = 'tfjs'
    let features: string[] = []
    if (engine === 'alexnet') {
      ;({ device, features } = await useBackend([webgl({ software: true })]))
    } else if (!(await tf.setBackend('webgl'))) throw new Error('tfjs could not start WebGL')
    instrument(tf.getBackend())
    const model = createModel({ variant, dropout: 0 })
    const [, size, , channels] = model.inputs[0]!.shape as [null, number, number, number]
    const shape: [number, number, number, number] = [batch, size, size, channels]
    const pictures = kernelTensor(shape, seeds.input)
    const labels = Int32Array.from({ length: batch }, (_, i) => i % model.outputs[0]!.shape[1]!)
    if (work === 'infer') {
      once = async () => {
        const logits = tf.tidy(() => model.apply(tf.tensor4d(pictures, shape)) as tf.Tensor)
        const values = [...(await logits.data())]
        logits.dispose()
        return values
      }
    } else {
      const optimizer = new Sgd({ learningRate: 1e-3, momentum: 0.9, weightDecay: 5e-4 })
      const weights = new Map(
        model.trainableWeights.map((weight) => [weight.name, weight.read() as tf.Variable]),
      )
      const variables = [...weights.values()]
      once = async () => {
        const images = tf.tensor4d(pictures, shape)
        const { value, grads } = tf.variableGrads(
          () => crossEntropy(model.apply(images, { training: true }) as tf.Tensor2D, labels),
          variables,
        )
        const gradients = [...weights].map(([name, { name: own }]) => [name, grads[own]!] as const)
        optimizer.step(weights, Object.fromEntries(gradients))
        const values = [...(await value.data())]
        tf.dispose([images, value, grads])
        return values
      }
    }
    return { device, features }
  },
  /** Logits, or the loss: what must be the same on both. */
  output: () => once(),
  /** What one iteration did, by kernel. */
  async count() {
    counts = {}
    await once()
    const found = counts
    counts = undefined
    return found
  },
  async run(iterations: number) {
    const begin = performance.now()
    for (let i = 0; i < iterations; i++) await once()
    return performance.now() - begin
  },
}

export type WebGLBench = typeof bench
Object.assign(globalThis, { bench })
