// Trains as `alexnet train` does, in a process that waits after each epoch until it is told to go on, so
// that another program can have its turn. scripts/experiments/time-to-accuracy.ts talks to it.
//
//   node apps/cli/scripts/train-epochs.ts train '{"data":"…","options":{"out":"…",…}}'
//     A JSON line on standard output for each epoch, and the same behind those in `<out>.jsonl`, once the
//     epoch is saved; a line on standard input lets the next one begin. A run that is there already goes on.
//   node apps/cli/scripts/train-epochs.ts describe '{"data":"…","options":{…},"folder":"…"}'
//     Writes what another program needs to train the same: pictures as bytes, the weights it begins with,
//     the network and the recipe, and what the network answers to some pictures.

import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createAlexNet, exportWeights, getArchitecture } from '@alexnet/core'
import type { Dataset } from '@alexnet/data'
import { evaluationBatches } from '@alexnet/model'
import type { Batch, EpochEvent } from '@alexnet/train'
import { saveSafetensors } from '@alexnet/weights/node'
import * as tf from '@tensorflow/tfjs'
import { startBackend } from '../src/backend.ts'
import { runTraining } from '../src/commands/train.ts'
import { RunFolder } from '../src/train/run-folder.ts'
import { newSettings, type TrainOptions } from '../src/train/settings.ts'
import { openTrainingData } from '../src/train/training-data.ts'

interface Argument {
  data: string
  options: TrainOptions
  /** Where `describe` writes. */
  folder: string
}

/** Pictures whose logits are written, for the other program to compare its own with. */
const COMPARED = 16

const [mode, text] = process.argv.slice(2)
const argument = JSON.parse(text!) as Argument
try {
  await (mode === 'train' ? train(argument) : describe(argument))
} catch (error) {
  process.stderr.write(`train-epochs: ${(error as Error).message}\n`)
  process.exit(1)
}

async function train({ data, options }: Argument): Promise<void> {
  const folder = new RunFolder(options.out)
  const turns = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  /** When the epoch began: with the first step of a process, then with each turn. */
  let began: number | undefined
  let ended = 0
  let record: EpochEvent | undefined
  const resume = await folder.holdsRun()
  // Saved after each epoch only: what is told is what a resumed run goes on from.
  const saving = { resume, checkpointEvery: Number.MAX_SAFE_INTEGER, report: false }
  await runTraining(data, { ...options, ...saving }, folder, async (event) => {
    const now = performance.now()
    if (event.type === 'step') {
      began ??= now - event.seconds * 1000
      ended = now
    } else if (event.type === 'epoch') {
      record = event
    } else if (event.type === 'checkpoint') {
      const { epoch, train, validation } = record!
      const seconds = (ended - began!) / 1000
      const numbers = { epoch, seconds, loss: train.loss, training: train.top1 }
      const line = `${JSON.stringify({ ...numbers, test: validation!.top1 })}\n`
      await appendFile(`${options.out}.jsonl`, line)
      process.stdout.write(line)
      const { done } = await turns.next()
      if (done) process.exit(0)
      began = performance.now()
    }
  })
  process.exit(0)
}

async function describe({ data, options, folder }: Argument): Promise<void> {
  await startBackend(options)
  const sets = await openTrainingData(data, options, undefined)
  const settings = newSettings(data, options, sets, await sets.training.load(0), { versions: {} })
  const { recipe, preprocessing, model: network } = settings
  const model = createAlexNet(network)
  await mkdir(folder, { recursive: true })
  await writePictures(folder, 'train', sets.training)
  await writePictures(folder, 'test', sets.validation!)
  await saveSafetensors(join(folder, 'weights.safetensors'), await exportWeights(model))
  const [batch] = await firstBatch(
    evaluationBatches(sets.validation!, preprocessing, { batchSize: COMPARED }),
  )
  const logits = model.predict(tf.tensor4d(batch!.images, [...batch!.shape])) as tf.Tensor2D
  const { features, classifier } = getArchitecture(network.variant!)
  const { mean, std, crop } = preprocessing
  const description = {
    recipe,
    mean,
    std,
    size: crop,
    classes: network.classes,
    features,
    classifier,
    dropout: network.dropout ?? null,
    logits: await logits.array(),
  }
  await writeFile(join(folder, 'network.json'), JSON.stringify(description))
}

async function firstBatch(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  for await (const batch of batches) return [batch]
  return []
}

/** `<name>.bin`, pictures as bytes one after the other (height, width, RGB), and their classes. */
async function writePictures(folder: string, name: string, dataset: Dataset): Promise<void> {
  const pictures: Uint8Array[] = []
  for (let index = 0; index < dataset.length; index++) {
    const { data } = await dataset.load(index)
    if (data.length !== (pictures[0] ?? data).length) {
      throw new Error(`${dataset.path(index)} is of another size than the first picture`)
    }
    pictures.push(data)
  }
  const labels = Uint8Array.from({ length: dataset.length }, (_, index) => dataset.label(index))
  await writeFile(join(folder, `${name}.bin`), Buffer.concat(pictures))
  await writeFile(join(folder, `${name}-labels.bin`), labels)
}
