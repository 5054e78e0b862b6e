// The card of a model on the Hub: README.md with the metadata that the Hub reads, then what the run knows: its data,
// its recipe, how good it is, what it takes for what, and what it is not for. What is not known is said to be so.
// https://huggingface.co/docs/hub/model-cards

import type { Model } from '@alexnet/model'
import type { Quantization } from '@alexnet/weights'
import { percent } from '../terminal/format.ts'
import type { RunKnowledge } from './run-knowledge.ts'

export interface CardSubject {
  /** `hf:owner/name`. */
  name: string
  model: Pick<Model, 'variant' | 'labels' | 'preprocessing' | 'inputSize' | 'network'>
  run?: RunKnowledge
  license?: string
  quantize?: Quantization
  /** Whether the files of Transformers.js are there. */
  isForOthers: boolean
}

/** More classes than this and their table is the worst alone. */
const MOST_CLASSES = 20
/** Mistakes that are named. */
const MOST_MISTAKES = 5

/** The text of README.md. */
export function modelCard(subject: CardSubject): string {
  const parts = [metadata(subject), opening(subject), use(subject), quality(subject)]
  return `${[...parts, training(subject), limits(subject)].filter(Boolean).join('\n\n')}\n`
}

const repository = ({ name }: CardSubject) => name.replace(/^hf:/, '').replace(/@.*/, '')

function metadata(subject: CardSubject): string {
  const { run, license, isForOthers } = subject
  const best = run?.best?.validation
  const lines = [
    '---',
    'library_name: alexnet',
    'pipeline_tag: image-classification',
    ...(license === undefined ? [] : [`license: ${JSON.stringify(license)}`]),
    'tags:',
    ...['alexnet', 'image-classification', 'safetensors'].map((tag) => `  - ${tag}`),
    ...(isForOthers ? ['  - transformers.js', '  - onnx'] : []),
  ]
  if (best) {
    lines.push(
      'metrics:',
      '  - accuracy',
      'model-index:',
      `  - name: ${JSON.stringify(repository(subject))}`,
      '    results:',
      '      - task:',
      '          type: image-classification',
      '        dataset:',
      `          name: ${JSON.stringify(dataOf(run))}`,
      '          type: imagefolder',
      '          split: validation',
      '        metrics:',
      '          - type: accuracy',
      `            value: ${best.top1.toFixed(4)}`,
    )
  }
  return [...lines, '---'].join('\n')
}

/** The data set without the folders that it lies in on somebody's disk. */
const dataOf = ({ settings }: RunKnowledge) =>
  settings.dataset.split(/[/\\]/).filter(Boolean).at(-1) ?? settings.dataset

function opening({ model, quantize, ...subject }: CardSubject): string {
  const { variant, labels, inputSize, network } = model
  const named =
    labels.length <= MOST_CLASSES ? `: ${labels.map(plain).join(', ')}` : ', named in config.json'
  const numbers = quantize === undefined ? '' : `, kept as ${quantize}`
  return `# ${repository({ model, ...subject })
    .split('/')
    .at(-1)}

An AlexNet (the variant \`${variant}\` of [alexnet](https://www.npmjs.com/package/@alexnet/model); ${network
    .countParams()
    .toLocaleString('en')} parameters${numbers}) that
tells ${labels.length} classes of pictures apart, at ${inputSize}×${inputSize} pixels${named}.`
}

/** What steers Markdown or HTML, shown as it is. */
const plain = (text: string) => text.replace(/[\\`*_[\]<>|#&]/g, '\\$&').replace(/\s+/g, ' ')

function use({ isForOthers, ...subject }: CardSubject): string {
  const repo = repository({ isForOthers, ...subject })
  const others = `

Transformers.js opens it, too: \`pipeline('image-classification', '${repo}')\`. Transformers has no AlexNet: config.json calls
it a \`resnet\`, which in Python it is not.`
  return `## Use

\`\`\`js
import { openModel } from '@alexnet/model'
const model = await openModel('hf:${repo}')
const [best] = await model.classify('picture.jpg')
\`\`\`${isForOthers ? others : ''}`
}

function quality({ run, model }: CardSubject): string {
  const { best } = run ?? {}
  if (!best) return '## Accuracy\n\nNot measured.'
  const { validation, train } = best
  if (!validation) {
    return `## Accuracy

No pictures were held back: ${percent(train.top1)} (top-1) is of the pictures that it was trained on, and says little.`
  }
  const { pictures, top1, top5, loss, classes, confusion } = validation
  const rows = [
    `| ${pictures.toLocaleString('en')} pictures held back | top-1 | top-5 | loss |`,
    '| --- | --- | --- | --- |',
    `| epoch ${best.epoch}, float32 | ${percent(top1)} | ${percent(top5)} | ${loss.toFixed(4)} |`,
  ]
  return [
    '## Accuracy',
    rows.join('\n'),
    byClass(model.labels, classes),
    mistakes(model.labels, confusion),
  ]
    .filter(Boolean)
    .join('\n\n')
}

function byClass(labels: readonly string[], classes: readonly (number | null)[]): string {
  const known = classes
    .map((top1, index) => ({ label: labels[index] ?? String(index), top1 }))
    .filter((row): row is { label: string; top1: number } => row.top1 !== null)
  const isLong = known.length > MOST_CLASSES
  const shown = isLong ? known.sort((a, b) => a.top1 - b.top1).slice(0, MOST_CLASSES) : known
  const rows = shown.map(({ label, top1 }) => `| ${plain(label)} | ${percent(top1)} |`)
  const title = isLong ? `the ${MOST_CLASSES} worst classes` : 'class'
  return [`| ${title} | top-1 |`, '| --- | --- |', ...rows].join('\n')
}

/** @param confusion pictures of a class (row) that were called another (column) */
function mistakes(labels: readonly string[], confusion: number[][] | undefined): string {
  const pairs = (confusion ?? []).flatMap((row, of) =>
    row.map((count, as) => ({ of, as, count, share: count / row.reduce((a, b) => a + b, 0) })),
  )
  const worst = pairs
    .filter(({ of, as, count }) => of !== as && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST_MISTAKES)
  if (worst.length === 0) return ''
  const name = (index: number) => plain(labels[index] ?? String(index))
  const lines = worst.map(
    ({ of, as, count, share }) => `- ${name(of)} called ${name(as)}: ${count} (${percent(share)})`,
  )
  return ['Taken for each other most:', lines.join('\n')].join('\n\n')
}

function training({ run }: CardSubject): string {
  if (!run) return '## Training\n\nNothing is known of it: what was published is a file of weights.'
  const { settings, epochs } = run
  const { recipe, from, seed, validation, versions } = settings
  const { optimizer, schedule, learningRate, batchSize, augmentation, labelSmoothing } = recipe
  const own = Object.entries(optimizer)
    .filter(([key]) => key !== 'kind')
    .map(([key, value]) => `${key} ${value}`)
  const lines = [
    `Data: ${plain(dataOf(run))}; ${percent(validation)} of its training pictures held back.`,
    `Started from ${from === null ? 'random weights' : plain(from.split(/[/\\]/).at(-1)!)}, seed ${seed}.`,
    `Recipe \`${recipe.name}\`: ${epochs} of ${recipe.epochs} epochs, ${batchSize} pictures a step, ${[optimizer.kind, ...own].join(', ')}; learning rate ${learningRate} (${schedule.kind}); augmentation \`${augmentation}\`${labelSmoothing ? `; label smoothing ${labelSmoothing}` : ''}.`,
    `Programs: ${Object.entries(versions)
      .map(([program, version]) => `${program} ${version}`)
      .join(', ')}.`,
  ]
  return `## Training\n\n${lines.map((line) => `- ${line}`).join('\n')}`
}

function limits({ model, run }: CardSubject): string {
  const { resize, crop } = model.preprocessing
  const lines = [
    `It knows ${model.labels.length} classes, and calls every picture one of them, often with confidence.`,
    `Pictures are resized to ${resize} pixels on their shorter side, and the middle ${crop}×${crop} are looked at: what is outside is not seen.`,
  ]
  if (run?.best?.validation) {
    lines.push(
      'The pictures held back are of the same data set and chose the epoch: on pictures from elsewhere expect less.',
    )
  }
  return `## Limits\n\n${lines.map((line) => `- ${line}`).join('\n')}`
}
