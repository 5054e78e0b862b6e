// TensorFlow.js as an engine, on our backend or on one of its own: the same model and the same training
// loop, so that only kernels differ.

import { useBackend } from '@alexnet/backend'
import { type CpuOptions, cpu } from '@alexnet/backend-cpu'
import { loadWeights, modelWeights, quantizeLinear, type TensorLike } from '@alexnet/core'
import { constant, crossEntropy, Sgd, Trainer, type TrainingBatch } from '@alexnet/train'
import { type NamedTensor, readSafetensors } from '@alexnet/weights'
import * as tf from '@tensorflow/tfjs'
import {
  indexOf,
  inputShape,
  type KernelCase,
  kernelTensor,
  outputShape,
  resultShape,
  seeds,
  weightShape,
} from '../kernel-cases.ts'
import { createModel } from '../network.ts'
import {
  batchLabels,
  type DataReader,
  type EngineInfo,
  type EngineSettings,
  floats,
  type Gradients,
  repeatPictures,
  type Session,
  sampled,
} from './session.ts'

/** Where the files of tfjs's wasm backend are: a folder or an address, ending in a slash. */
export interface TensorflowHost {
  reader: DataReader
  wasmFiles: string
}

/** Above this, a training step of tfjs's plain JavaScript takes minutes, and it does only a part. */
const SLOW_MULTIPLY_ADDS = 10e6

/** Small, so that a few hundred steps on the same pictures neither diverge nor reach zero loss. */
const LEARNING_RATE = 1e-4

/** Starts the backend that `settings.engine` names and what the task needs on it. */
export async function startTensorflow(
  settings: EngineSettings,
  host: TensorflowHost,
): Promise<Session> {
  const info = await startBackend(settings, host)
  switch (settings.task) {
    case 'infer':
      return inference(settings, info, host.reader)
    case 'kernels':
      return kernels(info)
    case 'train':
      if (settings.engine === 'tfjs-cpu') {
        const partial = await startOfTraining(settings, info, host.reader)
        if (partial) return partial
      }
      return training(settings, info, host.reader)
    case 'memory':
      return training(settings, info)
  }
}

async function startBackend(
  { engine, threads, build, widen, weights }: EngineSettings,
  { wasmFiles }: TensorflowHost,
): Promise<EngineInfo> {
  if (engine === 'alexnet') {
    const options: CpuOptions = {
      threads,
      ...(build !== undefined && { build: build as CpuOptions['build'] & string }),
      ...(widen && { widen }),
    }
    const { device, features } = await useBackend([cpu(options)])
    const used = Number(/(\d+) threads?/.exec(device)?.[1] ?? 1)
    const named = features.filter((feature) => feature !== 'shared-memory')
    return {
      build: [...named, ...(weights ? [weights] : [])].join(' '),
      threads: used,
    }
  }
  if (engine === 'tfjs-wasm') {
    const wasm = await import('@tensorflow/tfjs-backend-wasm')
    wasm.setWasmPaths(wasmFiles)
    wasm.setThreadsCount(threads)
    if (!(await tf.setBackend('wasm'))) throw new Error('tfjs could not start its wasm backend')
    // In Node the backend has no threads: its start-up reads a browser's navigator.
    const used = typeof document === 'undefined' ? 1 : wasm.getThreadsCount()
    return { build: tf.version_core, threads: used }
  }
  await tf.setBackend('cpu')
  return { build: tf.version_core, threads: 1 }
}

async function loadedModel(
  settings: EngineSettings,
  reader: DataReader,
  dropout?: number,
): Promise<tf.LayersModel> {
  const model = createModel({ ...settings, dropout }, { initialize: false })
  const { tensors } = readSafetensors(await reader.bytes('weights.safetensors'))
  loadWeights(model, tensors as ReadonlyMap<string, TensorLike & NamedTensor>)
  return model
}

/** The batch in memory, and how many of its pictures differ. */
async function readBatch(model: tf.LayersModel, { batch }: EngineSettings, reader: DataReader) {
  const size = model.inputs[0]!.shape[1]!
  const pictures = floats(await reader.bytes('pictures.bin'))
  const shape: [number, number, number, number] = [batch, size, size, 3]
  const different = pictures.length / (size * size * 3)
  return { images: repeatPictures(pictures, batch, size), shape, different }
}

async function inference(
  settings: EngineSettings,
  info: EngineInfo,
  reader: DataReader,
): Promise<Session> {
  const model = await loadedModel(settings, reader)
  if (settings.weights) quantizeLinear(model, settings.weights)
  const { images, shape } = await readBatch(model, settings, reader)
  // From numbers in memory to numbers in memory, as ONNX Runtime's run does it.
  const once = async () => {
    const logits = tf.tidy(
      () => model.apply(tf.tensor4d(images, shape), { training: false }) as tf.Tensor,
    )
    const values = (await logits.data()) as Float32Array
    logits.dispose()
    return values
  }
  return { info, output: once, run: timed(once) }
}

async function training(
  settings: EngineSettings,
  info: EngineInfo,
  reader?: DataReader,
): Promise<Session> {
  let model: tf.LayersModel | undefined
  const step = async () => {
    started ??= await start()
    let event = await started.next()
    while (!event.done && event.value.type !== 'step') event = await started.next()
  }
  let started: AsyncGenerator<{ type: string }> | undefined
  const start = async () => {
    model = reader ? await loadedModel(settings, reader) : createModel(settings)
    const batch = await trainingBatch(model, settings, reader)
    const optimizer = new Sgd({ learningRate: LEARNING_RATE, momentum: 0.9, weightDecay: 5e-4 })
    const trainer = new Trainer({ model, optimizer })
    const length = Number.MAX_SAFE_INTEGER
    const source = { length, [Symbol.asyncIterator]: () => forever(batch) }
    return trainer.fit({ epochs: 1, batches: () => source, schedule: constant(LEARNING_RATE) })
  }
  // Before the first step, so that both networks are never there at once.
  const gradients = reader && ((picture: number) => trainingGradients(settings, reader, picture))
  return { info, ...(gradients && { gradients }), run: timed(step) }
}

async function* forever(batch: TrainingBatch): AsyncGenerator<TrainingBatch> {
  for (;;) yield batch
}

async function trainingBatch(
  model: tf.LayersModel,
  settings: EngineSettings,
  reader?: DataReader,
): Promise<TrainingBatch> {
  const classes = model.outputs[0]!.shape[1]!
  if (reader) {
    const { images, shape, different } = await readBatch(model, settings, reader)
    return { images, shape, labels: batchLabels(settings.batch, classes, different) }
  }
  const size = model.inputs[0]!.shape[1]!
  const images = kernelTensor([settings.batch, size, size, 3], seeds.input)
  const labels = batchLabels(settings.batch, classes, settings.batch)
  return { images, shape: [settings.batch, size, size, 3], labels }
}

/** Loss and gradients of one step without dropout, whose masks every engine draws in its own way. */
async function trainingGradients(
  settings: EngineSettings,
  reader: DataReader,
  picture: number,
): Promise<Gradients> {
  const model = await loadedModel(settings, reader, 0)
  const { images, shape, labels } = await trainingBatch(model, settings, reader)
  const length = images.length / shape[0]!
  const alike = repeatPictures(
    images.subarray(picture * length, (picture + 1) * length),
    shape[0]!,
    shape[1]!,
  )
  const weights = modelWeights(model)
  const { value, grads } = tf.variableGrads(
    () => {
      const logits = model.apply(tf.tensor4d(alike, [...shape]), { training: true })
      return crossEntropy(
        logits as tf.Tensor2D,
        labels.map(() => labels[picture]!),
      )
    },
    weights.map(({ variable }) => variable.read() as tf.Variable),
  )
  const samples: Record<string, number[]> = {}
  for (const { name, variable, toPyTorch } of weights) {
    const gradient = grads[(variable.read() as tf.Variable).name]!
    samples[name] = sampled(toPyTorch((await gradient.data()) as Float32Array))
  }
  const [loss] = await value.data()
  tf.dispose([value, grads])
  model.dispose()
  return { loss: loss!, samples }
}

/**
 * Forward and backward of the first two convolutions for one picture: less than the whole step, so a
 * ratio to it flatters tfjs. Undefined for networks small enough to be trained whole.
 */
async function startOfTraining(
  settings: EngineSettings,
  info: EngineInfo,
  reader: DataReader,
): Promise<Session | undefined> {
  const { network } = JSON.parse(new TextDecoder().decode(await reader.bytes('network.json')))
  if (network.multiplyAdds < SLOW_MULTIPLY_ADDS) return undefined
  const model = await loadedModel(settings, reader)
  const convolutions = model.layers.filter(({ name }) =>
    network.operations.some(
      (operation: { name: string; kind: string }) =>
        operation.name === name && operation.kind === 'convolution',
    ),
  )
  const second = convolutions[1]!
  const start = tf.model({ inputs: model.inputs, outputs: second.output as tf.SymbolicTensor })
  const { images, shape } = await readBatch(model, { ...settings, batch: 1 }, reader)
  const variables = start.trainableWeights.map((weight) => weight.read() as tf.Variable)
  const once = async () => {
    const { value, grads } = tf.variableGrads(
      () =>
        tf.mean(
          start.apply(tf.tensor4d(images, shape), { training: true }) as tf.Tensor,
        ) as tf.Scalar,
      variables,
    )
    await value.data()
    tf.dispose([value, grads])
  }
  const note = `only forward and backward of ${convolutions[0]!.name} and ${second.name}, batch 1`
  return { info: { ...info, note, pictures: 1 }, run: timed(once) }
}

function kernels(info: EngineInfo): Session {
  let call: (() => tf.Tensor) | undefined
  let tensors: tf.Tensor[] = []
  return {
    info,
    async kernel(kernel) {
      tf.dispose(tensors)
      ;({ call, tensors } = kernelCall(kernel))
      try {
        const result = call()
        const values = await result.data()
        result.dispose()
        return kernel.places.map((place) => values[indexOf(place, resultShape(kernel))]!)
      } catch (error) {
        return { cannot: (error as Error).message }
      }
    },
    run: timed(async () => call!().dispose()),
  }
}

function kernelCall(kernel: KernelCase): { call: () => tf.Tensor; tensors: tf.Tensor[] } {
  const { kind, pass, stride, padding } = kernel
  const make = (shape: number[], seed: number) => tf.tensor(kernelTensor(shape, seed), shape)
  const x = make(inputShape(kernel), seeds.input)
  const w = make(weightShape(kernel), seeds.weights)
  const dy = make(outputShape(kernel), seeds.gradient)
  if (kind === 'linear') {
    const [x2, w2, dy2] = [x, w, dy].map((tensor) =>
      tensor.reshape([tensor.size / tensor.shape[3]!, tensor.shape[3]!]),
    ) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D]
    const calls = {
      forward: () => tf.matMul(x2, w2),
      dX: () => tf.matMul(dy2, w2, false, true),
      dW: () => tf.matMul(x2, dy2, true, false),
    }
    return { call: calls[pass], tensors: [x, w, dy, x2, w2, dy2] }
  }
  const pad = [
    [0, 0],
    [padding, padding],
    [padding, padding],
    [0, 0],
  ]
  const attributes = {
    strides: [stride, stride],
    pad,
    dataFormat: 'NHWC',
    dimRoundingMode: 'floor',
  }
  const run = (name: string, inputs: Record<string, tf.Tensor>, more: object) =>
    tf.engine().runKernel(name, inputs, { ...attributes, dilations: [1, 1], ...more }) as tf.Tensor
  const calls = {
    forward: () => run('Conv2D', { x, filter: w }, {}),
    dX: () => run('Conv2DBackpropInput', { dy, filter: w }, { inputShape: x.shape }),
    dW: () => run('Conv2DBackpropFilter', { x, dy }, { filterShape: w.shape }),
  }
  return { call: calls[pass], tensors: [x, w, dy] }
}

function timed(once: () => Promise<unknown>) {
  return async (iterations: number) => {
    const start = performance.now()
    for (let i = 0; i < iterations; i++) await once()
    return performance.now() - start
  }
}
