// The report as one HTML page that needs nothing else: no script, no request, light and dark by the
// reader's setting, readable on a phone.

import type { EpochRecord, Evaluation } from '@alexnet/train'
import { classAccuracies } from '@alexnet/train'
import { duration, percent } from '../../terminal/format.ts'
import { shown } from '../../terminal/print.ts'
import type { RunSettings } from '../run-settings.ts'
import type { LogLine } from '../training-log.ts'
import { barChart, confusionChart, lineChart, type Point } from './charts.ts'

/** What a page shows. */
export interface ReportData {
  settings: RunSettings
  epochs: readonly EpochRecord[]
  steps: LogLine[]
  /** Of the best model on the validation set. */
  evaluation: Evaluation | undefined
  /** PNG files as data URIs. */
  mistakes: { picture: string; label: string; predicted: string; probability: number }[]
  filters: string
}

/** A classes' chart is for so many at most; of more, those it does worst. */
const MOST_BARS = 30
const MOST_CELLS = 200

export function reportPage(data: ReportData): string {
  const { settings, epochs, steps, evaluation, mistakes, filters } = data
  const { recipe, model, labels } = settings
  const title = `${model.variant} on ${settings.dataset}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${css}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p>${escaped(summary(data))}</p>
${figures(data)}
<h2>Curves</h2>
<p class="legend"><span style="--c:var(--train)">training</span>${
    epochs.some(({ validation }) => validation)
      ? '<span style="--c:var(--validation)">validation</span>'
      : ''
  }</p>
<div class="charts">
${curves(epochs, steps)}
</div>
${evaluation ? classes(evaluation, labels) : ''}
${
  mistakes.length > 0
    ? `<h2>Worst mistakes</h2>
<p>Validation pictures whose own class the best model found least likely.</p>
<div class="pictures">${mistakes
        .map(
          ({ picture, label, predicted, probability }) =>
            `<figure><img src="${picture}" alt="${escaped(label)}"><figcaption>${escaped(label)}<br><small>taken for ${escaped(predicted)}, ${percent(probability)}</small></figcaption></figure>`,
        )
        .join('')}</div>`
    : ''
}
<h2>First layer's filters</h2>
<p><img class="filters" src="${filters}" alt="filters of the first convolution"></p>
<h2>Settings</h2>
<div class="wide"><table>${rows(settingsRows(settings))}</table></div>
<p><small>Recipe ${escaped(recipe.name)}: ${escaped(recipe.description)}.</small></p>
</main>
</body>
</html>
`
}

function summary({ settings, epochs }: ReportData): string {
  const seconds = epochs.reduce((sum, epoch) => sum + epoch.seconds, 0)
  const { labels, from } = settings
  const origin = from === null ? '' : ` It began with the weights ${from}.`
  return `${epochs.length} of ${settings.recipe.epochs} epochs over ${epochs[0]!.train.pictures} pictures of ${labels.length} classes in ${duration(seconds)}.${origin}`
}

function figures({ epochs, evaluation }: ReportData): string {
  const last = epochs.at(-1)!
  const found: [string, string][] = evaluation
    ? [
        ['top-1', percent(evaluation.top1)],
        ['top-5', percent(evaluation.top5)],
        ['loss', evaluation.loss.toFixed(3)],
      ]
    : [
        ['training top-1', percent(last.train.top1)],
        ['training loss', last.train.loss.toFixed(3)],
      ]
  found.push(['pictures/s', (last.train.pictures / last.seconds).toFixed(0)])
  return `<dl class="figures">${found
    .map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`)
    .join('')}</dl>`
}

function curves(epochs: readonly EpochRecord[], steps: readonly LogLine[]): string {
  const byEpoch = (name: 'loss' | 'top1'): Point[] =>
    epochs.flatMap(({ epoch, train, validation }) => [
      { x: epoch, y: train[name], line: 'train' },
      ...(validation ? [{ x: epoch, y: validation[name], line: 'validation' }] : []),
    ])
  const byStep = (name: string): Point[] =>
    steps.map((line) => ({ x: line.step, y: Number(line[name]), line: 'train' }))
  const charts: [string, string][] = []
  if (epochs.length > 1) {
    charts.push(['Loss', lineChart(byEpoch('loss'), { x: 'epoch', y: 'loss' })])
    charts.push(['Top-1', lineChart(byEpoch('top1'), { x: 'epoch', y: 'top-1, %', percent: true })])
  }
  if (steps.length > 1) {
    charts.push(['Loss of single steps', lineChart(byStep('loss'), { x: 'step', y: 'loss' })])
    charts.push([
      'Learning rate',
      lineChart(byStep('learningRate'), { x: 'step', y: 'learning rate' }),
    ])
    charts.push([
      'Speed',
      lineChart(byStep('picturesPerSecond'), { x: 'step', y: 'pictures a second' }),
    ])
  }
  return charts
    .map(([name, svg]) => `<figure><figcaption>${name}</figcaption>${svg}</figure>`)
    .join('\n')
}

function classes({ confusion }: Evaluation, labels: readonly string[]): string {
  const shares = classAccuracies(confusion)
    .flatMap((share, index) => (share === null ? [] : [{ label: shown(labels[index]!), share }]))
    .sort((a, b) => b.share - a.share)
  const listed = shares.slice(-MOST_BARS)
  const some = listed.length < shares.length ? ` (the ${MOST_BARS} worst)` : ''
  return `<h2>Classes</h2>
<div class="charts">
<figure><figcaption>Top-1 by class${some}</figcaption>${barChart(listed, 'top-1, %')}</figure>
${
  labels.length <= MOST_CELLS
    ? `<figure class="wide"><figcaption>Confusion: pictures by class and answer</figcaption>${confusionChart(confusion.rows(), labels.map(shown))}</figure>`
    : ''
}
</div>`
}

function settingsRows({ recipe, model, seed, fingerprint, versions }: RunSettings) {
  const { variant, classes, inputSize, seed: _, ...network } = model
  const { name, description, variant: __, ...numbers } = recipe
  const plain = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : `${value}`)
  return [
    ['network', `${variant}, ${inputSize}×${inputSize} pixels, ${classes} classes`],
    ...Object.entries(network).map(([key, value]) => [words(key), plain(value)]),
    ...Object.entries(numbers).map(([key, value]) => [words(key), plain(value)]),
    ['seed', `${seed}`],
    ['data set fingerprint', fingerprint],
    [
      'versions',
      Object.entries(versions)
        .map((pair) => pair.join(' '))
        .join(', ') || 'not kept',
    ],
  ] as [string, string][]
}

const words = (key: string) => key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

const rows = (pairs: readonly [string, string][]) =>
  pairs
    .map(([key, value]) => `<tr><th>${escaped(key)}</th><td>${escaped(value)}</td></tr>`)
    .join('')

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text: string) =>
  shown(text).replace(/[&<>"]/g, (character) => entities[character]!)

const css = `
:root{--text:#1c2024;--soft:#60646c;--page:#fff;--line:#d9dbe0;--train:#0b68cb;--validation:#c2410c;--right:#15803d;--wrong:#c2410c}
@media (prefers-color-scheme:dark){:root{--text:#edeef0;--soft:#b0b4ba;--page:#111113;--line:#363a3f;--train:#70b8ff;--validation:#ffa057;--right:#4cc38a;--wrong:#ffa057}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif}
main{max-width:64rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem;overflow-wrap:anywhere}
h2{margin-top:2rem;font-size:1.2rem}
.figures{display:flex;flex-wrap:wrap;gap:1rem 2rem;margin:1rem 0}
.figures dt{color:var(--soft);font-size:.85rem}
.figures dd{margin:0;font-size:1.6rem;font-variant-numeric:tabular-nums}
.legend span{margin-right:1rem}
.legend span::before{content:"";display:inline-block;width:1rem;height:.25rem;margin-right:.4rem;vertical-align:middle;background:var(--c)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:1rem}
figure{margin:0;min-width:0}
figcaption{font-size:.9rem}
.charts figcaption{font-weight:600}
.charts svg{width:100%;max-width:30rem;height:auto}
.wide{overflow-x:auto}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(7rem,1fr));gap:1rem}
.pictures img{width:100%;aspect-ratio:1;object-fit:contain;image-rendering:pixelated}
.filters{width:100%;max-width:36rem;image-rendering:pixelated}
small{color:var(--soft)}
table{border-collapse:collapse;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{font-weight:400;color:var(--soft);white-space:nowrap}
`
