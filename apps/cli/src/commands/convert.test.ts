// Conversions as a user makes them: every format there and back, what each costs, what cannot be.

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createAlexNet, exportWeights, loadWeights, type TensorLike } from '@alexnet/core'
import { registerLayers } from '@alexnet/core/layers'
import { encodePng, shapes } from '@alexnet/data'
import { ModelError, toMetadata } from '@alexnet/model'
import { readCheckpointFile } from '@alexnet/weights/node'
import * as tf from '@tensorflow/tfjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../backend.ts'
import { loadModel, saveModel } from '../model.ts'
import { runInProcess } from '../testing/in-process.ts'
import { temporaryFolder } from '../testing/run.ts'
import type { Converted } from './convert.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let model: tf.LayersModel
const labels = ['ant', 'bee', 'cat', 'dog', 'eel']
const description = {
  options: { variant: 'lenet-5', classes: 5 } as const,
  labels,
  preprocessing: {
    resize: 32,
    crop: 32,
    interpolation: 'bilinear' as const,
    mean: [0.5, 0.4, 0.3] as const,
    std: [0.25, 0.2, 0.3] as const,
  },
}

const home = process.cwd()
beforeAll(async () => {
  await startBackend({ threads: 1 })
  folder = await temporaryFolder()
  process.chdir(folder.path)
  model = createAlexNet({ ...description.options, seed: 8 })
  await saveModel(inFolder('model.safetensors'), model, description)
  await mkdir(inFolder('photos'))
  for (let index = 0; index < 12; index++) {
    const picture = await encodePng(await shapes({ seed: 4 }).load(index))
    await writeFile(inFolder(`photos/${index}.png`), picture)
  }
})
afterAll(async () => {
  process.chdir(home)
  await folder.remove()
})

const inFolder = (name: string) => join(folder.path, name)

async function convert(line: string): Promise<Required<Converted>> {
  const { stdout, stderr } = await runInProcess(`convert ${line} --threads 1 --json`)
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

describe('convert', () => {
  it.each([
    ['safetensors', 'a.safetensors', 'a.safetensors'],
    ['npz', 'b.npz', 'b.npz --variant lenet-5'],
    ['onnx', 'c.onnx', 'c.onnx'],
    ['tfjs', 'd --to tfjs', 'd'],
    ['shards', 'e --to shards', 'e'],
    ['transformers', 'f --to transformers', 'f'],
  ])('%s, and back to the same bits', async (format, to, from) => {
    const { input, output, comparison } = await convert(`model.safetensors ${to}`)
    expect(input.bytes).toBe((await readFile(inFolder('model.safetensors'))).length)
    expect(output.contents).toMatch(/, float32$/)
    expect(Math.abs(output.bytes / input.bytes - 1)).toBeLessThan(0.05)
    expect(comparison).toMatchObject({ pictures: 16, worstLogitChange: 0, sameTop1: 1 })
    expect(comparison.largestLogit).toBeGreaterThan(0.01)
    const [path, ...more] = from.split(' ')
    await convert([path, `back-${format}.safetensors`, ...more].join(' '))
    const back = await readCheckpointFile(inFolder(`back-${format}.safetensors`))
    const before = await readCheckpointFile(inFolder('model.safetensors'))
    expect(new Map(back.tensors)).toEqual(new Map(before.tensors))
    // NumPy's files have no room for labels and preprocessing.
    if (format !== 'npz') expect(JSON.parse(back.metadata.alexnet!)).toEqual(description)
  })

  it.each([
    ['float16', 'safetensors', 0.5, 1e-3],
    ['int8', 'safetensors', 0.25, 5e-2],
    ['float16', 'onnx', 0.5, 1e-3],
    ['int8', 'onnx', 0.25, 5e-2],
    ['int8', 'shards', 0.25, 5e-2],
    ['float16', 'tfjs', 0.5, 1e-3],
    ['int8', 'transformers', 0.25, 5e-2],
    ['float16', 'npz', 0.5, 1e-3],
  ])('%s in %s', async (type, format, share, bound) => {
    const result = await convert(
      `model.safetensors small-${type}-${format} --to ${format} --quantize ${type} --pictures photos`,
    )
    const { input, output, comparison } = result
    expect(output.contents).toContain(type)
    expect(Math.abs(output.bytes / input.bytes - share)).toBeLessThan(0.06)
    expect(comparison.pictures).toBe(12)
    expect(comparison.worstLogitChange).toBeGreaterThan(0)
    expect(comparison.worstLogitChange / comparison.largestLogit).toBeLessThan(bound)
    expect(comparison.sameTop1).toBeGreaterThan(0.9)
  })

  it('a smaller file is read again as it was written', async () => {
    await convert('model.safetensors i8.onnx --quantize int8 --with-preprocessing')
    await convert('model.safetensors i8.safetensors --quantize int8')
    const { comparison } = await convert('i8.onnx from-onnx.safetensors')
    expect(comparison.worstLogitChange).toBe(0)
    await convert('i8.safetensors from-safetensors.safetensors')
    const [one, other] = await Promise.all(
      ['from-onnx', 'from-safetensors'].map((name) =>
        readCheckpointFile(inFolder(`${name}.safetensors`)),
      ),
    )
    expect(new Map(one!.tensors)).toEqual(new Map(other!.tensors))
  })

  it('tfjs gives what tf.loadLayersModel reads', async () => {
    await convert('model.safetensors for-tf --to tfjs')
    registerLayers()
    const json = JSON.parse(await readFile(inFolder('for-tf/model.json'), 'utf8'))
    const [manifest] = json.weightsManifest
    const parts = manifest.paths.map((name: string) => readFile(inFolder(`for-tf/${name}`)))
    const weightData = new Uint8Array(Buffer.concat(await Promise.all(parts))).buffer
    const read = await tf.loadLayersModel(
      tf.io.fromMemory({
        modelTopology: json.modelTopology,
        weightSpecs: manifest.weights,
        weightData,
      }),
    )
    expect(await exportWeights(read)).toEqual(await exportWeights(model))
  })

  it('says in four lines what became of it', async () => {
    const line = 'convert model.safetensors small.safetensors --quantize int8 --threads 1'
    const { stdout } = await runInProcess(`${line} --pictures photos --limit 5`)
    expect(stdout).toMatch(
      /^read {5}model\.safetensors: safetensors, float32, 24\d\.\d kB\nwritten {2}small\.safetensors: safetensors, int8, 6\d\.\d kB, 2\d\.\d% of it\nlogits {3}worst change 0\.0\d+, the largest being \d\.\d+\ntop-1 {4}the same for \d+\.0% of 5 pictures\n$/,
    )
  })

  it('writes .tflite, says what goes in and comes out, and does not read it again', async () => {
    const line = 'convert model.safetensors small.tflite --quantize float16 --threads 1'
    const { stdout } = await runInProcess(line)
    expect(stdout).toMatch(
      /^read {5}.*\nwritten {2}small\.tflite: tflite, float16, 12\d\.\d kB, 5\d\.\d% of it\ninput {4}image: float32 \[1, 32, 32, 3\], \(RGB \/ 255 - \[0\.5, 0\.4, 0\.3\]\) \/ \[0\.25, 0\.2, 0\.3\]\noutput {3}logits: float32 \[1, 5\]\n$/,
    )
    expect((await readFile(inFolder('small.tflite'))).toString('latin1', 4, 8)).toBe('TFL3')
    const whole = 'convert model.safetensors w.tflite --with-preprocessing --softmax --batch 4'
    expect((await runInProcess(`${whole} --threads 1`)).stdout).toMatch(
      /\ninput {4}image: uint8 \[4, 32, 32, 3\], RGB\noutput {3}probabilities: float32 \[4, 5\]\n$/,
    )
    const { output, comparison } = await convert('model.safetensors b.tflite --quantize int8')
    expect(output).toMatchObject({ path: 'b.tflite', contents: 'tflite, int8' })
    expect(comparison).toBeUndefined()
    await expect(convert('small.tflite back.onnx')).rejects.toThrow(
      'small.tflite: this is a .tflite file (LiteRT), which is written here and not read; ',
    )
  })

  it('keeps int8 on request alone, with the numbers of the file', async () => {
    await convert('model.safetensors int8.safetensors --quantize int8')
    const classify = async (more: string) => {
      const line = `classify photos/0.png photos/1.png --threads 1 --top 5 --json ${more}`
      const result = await runInProcess(line)
      expect(result.stderr).toBe('')
      const rows: { top: { index: number; probability: number }[] }[] = JSON.parse(result.stdout)
      return rows.map(({ top }) => top.sort((a, b) => a.index - b.index))
    }
    const wide = await classify('-w int8.safetensors')
    const kept = await classify('-w int8.safetensors --keep-int8')
    const exact = await classify('-w model.safetensors')
    const worst = (one: typeof wide, other: typeof wide) =>
      Math.max(
        ...one.flatMap((row, r) =>
          row.map(({ probability }, i) => Math.abs(probability - other[r]![i]!.probability)),
        ),
      )
    // The same int8 numbers, added up in another order; those of the float32 file are others.
    expect(worst(kept, wide)).toBeLessThan(1e-6)
    expect(worst(kept, exact)).toBeGreaterThan(1e-5)
    const none = runInProcess('classify photos/0.png -w model.safetensors --keep-int8 --threads 1')
    await expect(none).rejects.toThrow(ModelError)
    await expect(none).rejects.toThrow(
      'model.safetensors has no int8 weights to keep: make such a file with alexnet convert --quantize int8',
    )
  })

  it('dropout that scales at inference still does after a file', async () => {
    // krizhevsky-2012 halves its last layers' inputs instead of doubling them in training.
    const options = { variant: 'krizhevsky-2012', classes: 3, inputSize: 63 } as const
    const small = createAlexNet({ ...options, initialize: false })
    await saveModel(inFolder('k.safetensors'), small, {
      options,
      labels: ['a', 'b', 'c'],
      preprocessing: { ...description.preprocessing, resize: 63, crop: 63 },
    })
    small.dispose()
    const { network: loaded } = await loadModel('k.safetensors')
    const dropout = loaded.layers.filter((layer) => layer.getClassName() === 'AlexNetDropout')
    expect(dropout).toHaveLength(2)
    for (const layer of dropout) {
      const halved = tf.tidy(() => (layer.apply(tf.ones([1, 4096])) as tf.Tensor).dataSync())
      expect([...new Set(halved)]).toEqual([0.5])
    }
    loaded.dispose()
  })

  it("reads Caffe's names and blue-first pictures", async () => {
    const caffe = createAlexNet({
      variant: 'caffe',
      classes: 2,
      inputSize: 67,
      initialize: false,
    })
    const names = Object.entries({
      conv1: 'features.0',
      conv2: 'features.4',
      conv3: 'features.8',
      conv4: 'features.10',
      conv5: 'features.12',
      fc6: 'classifier.0',
      fc7: 'classifier.3',
      fc8: 'classifier.6',
    })
    const tensors = await exportWeights(caffe)
    caffe.dispose()
    for (const { data } of tensors.values()) {
      for (let index = 0; index < Math.min(data.length, 40_000); index++) {
        data[index] = (index % 1009) / 1e6
      }
    }
    const { encodeOnnxGraph } = await import('@alexnet/weights/onnx')
    const initializers = new Map(
      names.flatMap(([theirs, ours]) => [
        [`${theirs}_w_0`, tensors.get(`${ours}.weight`)!] as const,
        [`${theirs}_b_0`, tensors.get(`${ours}.bias`)!] as const,
      ]),
    )
    const options = { variant: 'caffe', classes: 2, inputSize: 67 } as const
    const preprocessing = { ...description.preprocessing, resize: 67, crop: 67 }
    const metadata = toMetadata({ options, labels: ['a', 'b'], preprocessing })
    const graph = { name: 'theirs', nodes: [], inputs: [], outputs: [], initializers, metadata }
    await writeFile(inFolder('caffe.onnx'), Buffer.concat(encodeOnnxGraph(graph)))
    await convert('caffe.onnx caffe.safetensors')
    const back = await readCheckpointFile(inFolder('caffe.safetensors'))
    const first = back.tensors.get('features.0.weight')!.data as Float32Array
    const expected = tensors.get('features.0.weight')!.data
    const plane = 11 * 11
    expect(first.subarray(0, plane)).toEqual(expected.subarray(2 * plane, 3 * plane))
    expect(first.subarray(2 * plane, 3 * plane)).toEqual(expected.subarray(0, plane))
    const [last, theirs] = [back.tensors, tensors].map(
      (all) => all.get('classifier.6.weight')!.data,
    )
    expect(last).toEqual(theirs)
  })
})

describe('what cannot be', () => {
  it.each([
    ['model.safetensors out.txt', /out\.txt: its ending names no format; name one with --to/],
    [
      'model.safetensors o.npz --quantize int8',
      /write int8 as safetensors, onnx, tflite or shards/,
    ],
    ['model.safetensors o --to tfjs --quantize int8', /TensorFlow\.js does not know/],
    ['model.safetensors o.npz --with-preprocessing', /--with-preprocessing is for onnx and tflite/],
    ['model.safetensors o.onnx --softmax', /--softmax is for tflite: /],
    ['model.safetensors o.npz --batch 2', /--batch is for tflite: /],
    ['model.safetensors o.tflite --batch 0', /--batch/],
    ['model.safetensors o.tflite --pictures photos', /tflite is written and not read/],
    ['model.safetensors o.tflite --only features', /tflite holds a whole network/],
    ['model.safetensors model.safetensors', /is the file that is read/],
    ['model.safetensors photos --to tfjs', /photos: the folder is not empty/],
    ['model.safetensors o.onnx --quantize int4', /Allowed choices are float16, int8/],
    ['model.safetensors o.onnx --variant cifar', /of the variant 'lenet-5', not 'cifar'/],
    ['none.pth o.onnx', /none\.pth: no such file/],
  ])('%s', async (line, message) => {
    const before = await readdir(folder.path)
    const error: Error = await runInProcess(`convert ${line} --threads 1`).then(
      () => expect.unreachable(),
      (reason) => reason,
    )
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain('\n')
    expect(await readdir(folder.path)).toEqual(before)
  })

  it.each([
    'convert nan.safetensors nan.npz --threads 1',
    'classify picture.png --weights nan.safetensors --threads 1',
    'evaluate shapes:10 --weights nan.safetensors --threads 1',
    'explain picture.png --weights nan.safetensors --out nan.png --threads 1',
    'features picture.png --layer features.0 --weights nan.safetensors --out nan.npy --threads 1',
    'filters --weights nan.safetensors --out nan.png',
    'inspect --weights nan.safetensors',
    'train shapes:20 --from nan.safetensors --out nan-run --threads 1',
  ])('weights that are no numbers: %s', async (line) => {
    const tensors = new Map<string, TensorLike>(await exportWeights(model))
    const broken = createAlexNet({ ...description.options })
    const bias = tensors.get('classifier.2.bias')!
    loadWeights(
      broken,
      tensors.set('classifier.2.bias', { ...bias, data: [Number.NaN, 0, 0, 0, 0] }),
    )
    await saveModel(inFolder('nan.safetensors'), broken, description)
    await writeFile(inFolder('picture.png'), await encodePng(await shapes().load(0)))
    const before = await readdir(folder.path)
    const error: Error = await runInProcess(line).then(
      () => expect.unreachable(),
      (reason) => reason,
    )
    expect(error.message).toBe(
      'nan.safetensors: classifier.2.bias has the value NaN: these weights are broken, take a file from before that',
    )
    expect(await readdir(folder.path)).toEqual(before)
  })
})
