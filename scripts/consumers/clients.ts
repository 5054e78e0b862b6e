// Programs of others that open what ours write, each in a process of its own in a consumer's folder: plain
// TensorFlow.js, Transformers.js, and LiteRT.js. Their answers are held to ours.

import { runProgram } from './in-node.ts'

/** What the clients' programs need beside our packages. */
export const clientVersions = {
  '@huggingface/transformers': '^4.0.0',
  '@litertjs/core': '^2.5.0',
}

/** Ours writes the model and its logits for a picture; the other program knows neither us nor our layers. */
const forTensorFlow = `
  import { writeFile } from 'node:fs/promises'
  import { shapes } from '@alexnet/data'
  import { openModel } from '@alexnet/model'
  const model = await openModel('cifar10')
  await model.save('for-tensorflow', { format: 'tfjs' })
  const input = await model.prepare(await shapes({ count: 1, size: 40 }).load(0))
  const [logits] = await model.logits(input)
  await writeFile('for-tensorflow/input.json', JSON.stringify({ input: [...input], logits: [...logits] }))`

const plainTensorFlow = `
  import { readFile } from 'node:fs/promises'
  import * as tf from '@tensorflow/tfjs'
  const read = (name) => readFile('for-tensorflow/' + name)
  const { modelTopology, weightsManifest } = JSON.parse(await read('model.json'))
  const [{ paths, weights: weightSpecs }] = weightsManifest
  const weightData = new Uint8Array(Buffer.concat(await Promise.all(paths.map(read)))).buffer
  const model = await tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData }))
  const { input, logits } = JSON.parse(await read('input.json'))
  const found = model.predict(tf.tensor4d(input, [1, 32, 32, 3])).dataSync()
  console.log(JSON.stringify({ worst: Math.max(...logits.map((value, at) => Math.abs(value - found[at]))) }))`

/**
 * Writes the bundled model for TensorFlow.js and opens it where nothing of ours is imported.
 *
 * @returns the largest difference of any logit
 * @throws Error with the program's words
 */
export function inPlainTensorFlow(folder: string): number {
  runClient(folder, forTensorFlow)
  return (runClient(folder, plainTensorFlow) as { worst: number }).worst
}

/** What Transformers.js answers of a model in one precision, beside ours. */
export interface TransformersAnswer {
  /** `float32` */
  precision: string
  ours: string[]
  theirs: string[]
  /** Largest difference of any probability of those five. */
  worst: number
}

/** A picture of the input's own size: Transformers.js resizes in its own way. */
const transformers = `
  import { writeFile } from 'node:fs/promises'
  import { encodePng, shapes } from '@alexnet/data'
  import { openModel } from '@alexnet/model'
  import { env, pipeline } from '@huggingface/transformers'
  env.allowRemoteModels = false
  env.localModelPath = './'
  const model = await openModel('cifar10')
  await writeFile('small.png', await encodePng(await shapes({ count: 4, size: 32, seed: 2 }).load(1)))
  const answers = []
  for (const quantize of [undefined, 'float16', 'int8']) {
    const precision = quantize ?? 'float32'
    await model.save('transformers-' + precision, { format: 'transformers', quantize })
    const again = await openModel('transformers-' + precision)
    const ours = await again.classify('small.png', { topK: 5 })
    const classify = await pipeline('image-classification', 'transformers-' + precision, { dtype: 'auto' })
    const theirs = await classify('small.png', { top_k: 5 })
    answers.push({
      precision,
      ours: ours.map(({ label }) => label),
      theirs: theirs.map(({ label }) => label),
      worst: Math.max(...ours.map(({ probability }, at) => Math.abs(probability - theirs[at].score))),
    })
  }
  console.log(JSON.stringify(answers))`

/** The top five of the bundled model by Transformers.js' own pipeline, and by ours. @throws Error with its words */
export const inTransformers = (folder: string) =>
  runClient(folder, transformers) as TransformersAnswer[]

/** What LiteRT.js gives of a model in one precision, beside ours. */
export interface LiteRtAnswer {
  /** `float32` */
  precision: string
  /** Largest difference of any probability. */
  worst: number
}

/** LiteRT.js is for pages and workers: its WebAssembly is started by a script, which importScripts runs. */
const liteRt = `
  import { readFileSync } from 'node:fs'
  import { createRequire } from 'node:module'
  import { compileFunction, constants } from 'node:vm'
  import { shapes } from '@alexnet/data'
  import { openModel } from '@alexnet/model'
  const require = createRequire(import.meta.url)
  const folder = process.cwd() + '/node_modules/@litertjs/core/wasm/'
  globalThis.self = globalThis
  globalThis.importScripts = (filename) => {
    const source = readFileSync(filename, 'utf8') + ';globalThis.ModuleFactory = ModuleFactory'
    const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER
    const run = compileFunction(source, ['require', '__dirname'], { filename, importModuleDynamically })
    run(require, folder)
  }
  const { loadAndCompile, loadLiteRt, Tensor } = await import('@litertjs/core')
  await loadLiteRt(folder)
  const model = await openModel('cifar10')
  const picture = await shapes({ count: 1, size: 32 }).load(0)
  const ours = await model.classify(picture, { topK: 10 })
  const answers = []
  for (const quantize of [undefined, 'float16', 'int8']) {
    const options = { format: 'tflite', quantize, withPreprocessing: true, softmax: true }
    const opened = await loadAndCompile(await model.save('bytes', options), { accelerator: 'wasm' })
    const [output] = await opened.run([Tensor.fromTypedArray(picture.data, [1, 32, 32, 3])])
    const theirs = output.toTypedArray()
    const worst = Math.max(...ours.map(({ index, probability }) => Math.abs(probability - theirs[index])))
    answers.push({ precision: quantize ?? 'float32', worst })
  }
  console.log(JSON.stringify(answers))`

/** The bundled model by LiteRT.js, and by ours. @throws Error with its words */
export const inLiteRt = (folder: string) => runClient(folder, liteRt) as LiteRtAnswer[]

/** Runs a program; what it prints last is JSON. */
function runClient(folder: string, code: string): unknown {
  const { status, stdout, stderr } = runProgram(folder, 'client.mjs', code)
  if (status !== 0) throw new Error(stderr.trim().split('\n').slice(-8).join(' '))
  const line = stdout.trim().split('\n').at(-1)!
  return line.startsWith('{') || line.startsWith('[') ? JSON.parse(line) : undefined
}
