// Draws the error of each group by epoch: the mean of the seeds as a line, from the least to the greatest
// as a band; readable on light and dark pages.

import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import type { ReliabilityBin } from './bundled-model.ts'
import type { Runs } from './time-to-accuracy-report.ts'

/** What `drawCurves` draws: a line a group, of the errors in percent of its runs by epoch. */
export interface Curves {
  title: string
  /** Of which pictures. */
  measure: string
  /** Marked by a line of its own. */
  target: number | null
  groups: readonly { name: string; curves: readonly { errors: readonly number[] }[] }[]
}

/** The plot as an SVG file's text, 720 × 400. */
export function drawCurves({ title, measure, target, groups }: Curves): string {
  const points = groups.flatMap(({ name, curves }) => {
    const epochs = Math.min(...curves.map(({ errors }) => errors.length))
    return Array.from({ length: epochs }, (_, index) => {
      const errors = curves.map((curve) => curve.errors[index]!)
      const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length
      return {
        group: name,
        epoch: index + 1,
        mean,
        least: Math.min(...errors),
        most: Math.max(...errors),
      }
    })
  })
  const { document } = parseHTML('<html></html>')
  const figure = Plot.plot({
    document,
    width: 720,
    height: 400,
    marginRight: 170,
    y: { label: `error on the ${measure} pictures, %`, grid: true, zero: true },
    x: { label: 'epoch' },
    color: { scheme: 'observable10', domain: groups.map(({ name }) => name) },
    marks: [
      ...(target === null ? [] : [Plot.ruleY([target], { strokeDasharray: '4 4' })]),
      Plot.areaY(points, { x: 'epoch', y1: 'least', y2: 'most', fill: 'group', fillOpacity: 0.2 }),
      Plot.lineY(points, { x: 'epoch', y: 'mean', stroke: 'group', strokeWidth: 2 }),
      Plot.text(namesBeside(points), {
        x: 'epoch',
        y: 'at',
        text: 'group',
        fill: 'group',
        textAnchor: 'start',
        dx: 8,
      }),
    ],
  })
  return asFile(figure, title)
}

interface Point {
  group: string
  epoch: number
  mean: number
  most: number
}

/** Each group's name at the end of its line, moved up or down as far as the names beside it need room. */
function namesBeside(points: readonly Point[]): (Point & { at: number })[] {
  const last = [...new Map(points.map((point) => [point.group, point])).values()]
  const names = last.map((point) => ({ ...point, at: point.mean })).sort((a, b) => a.at - b.at)
  // A line of text is 13 of about 350 pixels.
  const room = (Math.max(0, ...points.map(({ most }) => most)) * 13) / 350
  for (let round = 0; round < 100; round++) {
    for (const [i, upper] of names.entries()) {
      const lower = names[i - 1]
      if (!lower || lower.epoch !== upper.epoch) continue
      const lacking = Math.max(0, room - (upper.at - lower.at))
      lower.at -= lacking / 2
      upper.at += lacking / 2
    }
  }
  return names
}

/** Accuracy on the test pictures by minutes of training, 720 × 400. */
export function drawAccuracies(runs: Runs, targets: readonly number[]): string {
  const lines = { ours: runs.ours, PyTorch: runs.pytorch }
  const points = Object.entries(lines).flatMap(([engine, epochs]) => {
    let seconds = 0
    return epochs.map((epoch) => {
      seconds += epoch.seconds
      return { engine, minutes: seconds / 60, accuracy: 100 * epoch.test }
    })
  })
  const { document } = parseHTML('<html></html>')
  const figure = Plot.plot({
    document,
    width: 720,
    height: 400,
    marginRight: 70,
    y: { label: 'right on the test pictures, %', grid: true },
    x: { label: 'minutes of training', zero: true },
    color: { scheme: 'observable10', domain: Object.keys(lines) },
    marks: [
      Plot.ruleY(targets, { strokeDasharray: '4 4' }),
      Plot.lineY(points, { x: 'minutes', y: 'accuracy', stroke: 'engine', strokeWidth: 2 }),
      Plot.dot(points, { x: 'minutes', y: 'accuracy', fill: 'engine', r: 3 }),
      Plot.text(
        points,
        Plot.selectLast({
          x: 'minutes',
          y: 'accuracy',
          z: 'engine',
          text: 'engine',
          fill: 'engine',
          textAnchor: 'start' as const,
          dx: 8,
        }),
      ),
    ],
  })
  return asFile(figure, 'Accuracy by training time')
}

/** Share right by the probability that was given, before and after the temperature, 420 × 400. */
export function drawReliability(lines: Record<string, readonly ReliabilityBin[]>): string {
  const points = Object.entries(lines).flatMap(([name, bins]) =>
    bins.map(({ confidence, top1, pictures }) => ({ name, confidence, top1, pictures })),
  )
  const { document } = parseHTML('<html></html>')
  const figure = Plot.plot({
    document,
    width: 420,
    height: 400,
    x: { label: 'mean probability of the answers', domain: [0, 1], grid: true },
    y: { label: 'share of them that is right', domain: [0, 1], grid: true },
    r: { range: [2, 9] },
    color: { scheme: 'observable10', domain: Object.keys(lines) },
    marks: [
      Plot.line(
        [
          [0, 0],
          [1, 1],
        ],
        { strokeDasharray: '4 4' },
      ),
      Plot.lineY(points, { x: 'confidence', y: 'top1', stroke: 'name' }),
      Plot.dot(points, { x: 'confidence', y: 'top1', r: 'pictures', fill: 'name' }),
      Plot.text(
        Object.keys(lines).map((name, at) => ({ name, at })),
        {
          x: 0.03,
          y: ({ at }) => 0.97 - 0.05 * at,
          text: 'name',
          fill: 'name',
          textAnchor: 'start',
        },
      ),
    ],
  })
  return asFile(figure, 'Reliability')
}

type Figure = ReturnType<typeof Plot.plot>

function asFile(figure: Figure, title: string): string {
  figure.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  figure.setAttribute('aria-label', title)
  const colors =
    '<style>svg{color:#222;background:#fff}@media(prefers-color-scheme:dark){svg{color:#ddd;background:#111}}</style>'
  return `${figure.outerHTML.replace('>', `>${colors}`)}\n`
}
