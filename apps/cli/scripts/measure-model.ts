// What the card of a bundled model says, measured: accuracy plain and over views, by class, calibration with the
// temperature that makes it best, and what drawn corruptions cost. The corruptions are those of CIFAR-10-C that need
// no file (Hendrycks and Dietterich 2019, https://arxiv.org/abs/1903.12261), with the strengths of its
// make_cifar_c.py. Writes JSON; docs/experiments shows it. Build the command first.
//
//   node apps/cli/scripts/measure-model.ts MODEL TEST OUT.json [--trained-on DATA [--kept-by RUN]] [--corrupted 2000]
//
// The temperature is fitted on pictures that were not trained on: those that a run kept out of DATA, drawn again by its
// seed. The run is MODEL's own, or RUN where MODEL went on from it with all of DATA: RUN's answers are fitted then. Without
// DATA it is fitted on every second test picture, and measured on the others.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stdout } from 'node:process'
import { parseArgs } from 'node:util'
import { cpu } from '@alexnet/backend-cpu'
import {
  type Dataset,
  decodePicture,
  encodeJpeg,
  openDataset,
  type Picture,
  sample,
  split,
} from '@alexnet/data'
import { flipHorizontally, gaussianBlur } from '@alexnet/data/functional'
import { Random } from '@alexnet/data/transforms'
import { evaluationBatches, type Model, openModel, softmax, tenViewBatches } from '@alexnet/model'
import { classAccuracies, evaluate, fitTemperature, Reliability } from '@alexnet/train'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    corrupted: { type: 'string', default: '2000' },
    'trained-on': { type: 'string' },
    'kept-by': { type: 'string' },
  },
})
const [opened, tested, out] = positionals
if (out === undefined) throw new Error('name the model, the test pictures and OUT.json')
const say = (text: string) => stdout.write(`${text}\n`)

/** The data set with every picture changed. */
const changed = (dataset: Dataset, change: (picture: Picture, at: number) => Promise<Picture>) => ({
  ...dataset,
  source: undefined,
  load: async (at: number) => change(await dataset.load(at), at),
})

const bytes = (picture: Picture, value: (byte: number, at: number) => number): Picture => ({
  ...picture,
  data: Uint8Array.from(picture.data, (byte, at) =>
    Math.min(255, Math.max(0, Math.round(value(byte, at)))),
  ),
})

/** A number of the normal distribution (Box and Muller). */
const normal = (random: Random) =>
  Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float())

/** Brightness of HSV, added to: all three colours grow by the same factor, up to the whole. */
function brighter(picture: Picture, by: number): Picture {
  const { data } = picture
  return bytes(picture, (byte, at) => {
    const first = at - (at % 3)
    const value = Math.max(data[first]!, data[first + 1]!, data[first + 2]!) / 255
    const wanted = Math.min(1, value + by)
    return value === 0 ? wanted * 255 : byte * (wanted / value)
  })
}

const corruptions: Record<
  string,
  {
    strengths: number[]
    apply: (picture: Picture, strength: number, at: number) => Promise<Picture>
  }
> = {
  'gaussian noise': {
    strengths: [0.04, 0.06, 0.08, 0.09, 0.1],
    async apply(picture, strength, at) {
      const random = new Random(0, at)
      return bytes(picture, (byte) => byte + 255 * strength * normal(random))
    },
  },
  'gaussian blur': {
    strengths: [0.4, 0.6, 0.7, 0.8, 1],
    apply: async (picture, sigma) => gaussianBlur(picture, { kernelSize: 9, sigma }),
  },
  brightness: {
    strengths: [0.05, 0.1, 0.15, 0.2, 0.3],
    apply: async (picture, by) => brighter(picture, by),
  },
  JPEG: {
    strengths: [80, 65, 58, 50, 40],
    apply: async (picture, quality) => decodePicture(await encodeJpeg(picture, quality)),
  },
}

/** Logits of all pictures, and their labels. */
async function logitsOf(model: Model, dataset: Dataset) {
  const logits: Float32Array[] = []
  const labels: number[] = []
  for await (const batch of evaluationBatches(dataset, model.preprocessing, { batchSize: 100 })) {
    logits.push(...(await model.logits(batch.images as Float32Array)))
    labels.push(...batch.labels)
  }
  return { logits, labels }
}

const rightOf = (scores: readonly ArrayLike<number>[], labels: readonly number[]) =>
  scores.filter((row, at) => Math.max(...Array.from(row)) === row[labels[at]!]).length /
  labels.length

function calibrationOf(
  logits: readonly Float32Array[],
  labels: readonly number[],
  temperature = 1,
) {
  const reliability = new Reliability()
  for (const [row, values] of logits.entries()) {
    const shares = softmax(values.map((value) => value / temperature))
    const best = shares.indexOf(Math.max(...shares))
    reliability.add(shares[best]!, best === labels[row])
  }
  return { error: reliability.error(), bins: reliability.bins() }
}

const started = performance.now()
const backend = cpu({ widen: 'tested' })
const model = await openModel(opened!, { backend: [backend] })
const test = await openDataset(tested!, { split: 'test' })
if (test.classes.join() !== model.labels.join()) throw new Error('classes in another order')
const { logits, labels } = await logitsOf(model, test)

/** Logits and labels to fit the temperature on, and others to measure it on. */
async function parts() {
  const half = (odd: number) => ({
    logits: logits.filter((_, at) => at % 2 === odd),
    labels: labels.filter((_, at) => at % 2 === odd),
  })
  const trainedOn = values['trained-on']
  if (trainedOn === undefined) return { fitted: half(1), measured: half(0), kept: undefined }
  const run = values['kept-by'] ?? opened!
  const settings = JSON.parse(await readFile(join(run, 'run.json'), 'utf8'))
  const shares = [1 - settings.validation, settings.validation]
  const [, kept] = split(await openDataset(trainedOn), shares, settings.seed)
  const before = run === opened ? model : await openModel(run, { backend: [backend] })
  const fitted = await logitsOf(before, kept!)
  return { fitted, measured: { logits, labels }, kept: fitted }
}

const { fitted, measured, kept } = await parts()
const temperature = fitTemperature(
  Float32Array.from(fitted.logits.flatMap((row) => Array.from(row))),
  fitted.labels,
)
say(`temperature ${temperature.toFixed(3)}, by ${fitted.labels.length} pictures`)

const plain = await evaluate(
  model.network,
  evaluationBatches(test, model.preprocessing, { batchSize: 100 }),
)
const ten = await evaluate(
  model.network,
  tenViewBatches(test, model.preprocessing, { batchSize: 100 }),
  { views: 10 },
)
const mirrored = await logitsOf(
  model,
  changed(test, async (picture) => flipHorizontally(picture)),
)
const two = logits.map((row, at) => {
  const [one, other] = [softmax(row), softmax(mirrored.logits[at]!)]
  return one.map((share, index) => share + other[index]!)
})
const mirror = rightOf(two, labels)
say(
  `plain ${(100 * plain.top1).toFixed(2)} %, mirror ${(100 * mirror).toFixed(2)} %, ten views ${(100 * ten.top1).toFixed(2)} %`,
)

const some = sample(test, Number(values.corrupted), 0)
const clean = await logitsOf(model, some)
const corrupted: Record<string, { strength: number; top1: number }[]> = {}
for (const [name, { strengths, apply }] of Object.entries(corruptions)) {
  corrupted[name] = []
  for (const strength of strengths) {
    const found = await logitsOf(
      model,
      changed(some, (picture, at) => apply(picture, strength, at)),
    )
    corrupted[name].push({ strength, top1: rightOf(found.logits, found.labels) })
  }
  say(`${name}: ${corrupted[name].map(({ top1 }) => (100 * top1).toFixed(1)).join(' ')}`)
}

const confusion = plain.confusion
const result = {
  pictures: { test: labels.length, corrupted: some.length },
  ...(kept && { kept: { pictures: kept.labels.length, top1: rightOf(kept.logits, kept.labels) } }),
  test: {
    top1: plain.top1,
    top5: plain.top5,
    loss: plain.loss,
    mirror,
    tenViews: ten.top1,
    classes: Object.fromEntries(
      classAccuracies(confusion).map((top1, label) => [model.labels[label], top1]),
    ),
    confusions: confusion
      .cells()
      .filter(([own, given]) => own !== given)
      .sort(([, , a], [, , b]) => b - a)
      .slice(0, 8)
      .map(([own, given, count]) => ({
        own: model.labels[own],
        given: model.labels[given],
        count,
      })),
  },
  calibration: {
    temperature,
    fitted: fitted.labels.length,
    measured: measured.labels.length,
    before: calibrationOf(measured.logits, measured.labels),
    after: calibrationOf(measured.logits, measured.labels, temperature),
  },
  corruptions: { clean: rightOf(clean.logits, clean.labels), ...corrupted },
}
await writeFile(out, `${JSON.stringify(result, null, 1)}\n`)
say(`${out}, ${((performance.now() - started) / 1000).toFixed(0)} s`)
