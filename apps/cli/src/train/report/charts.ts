// The plots of a report as SVG text: Observable Plot on a document without a browser. Colours are the
// page's custom properties and its text colour, so that one SVG serves light and dark.

import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'

/** Two points or more, by name of their line. */
export interface Point {
  x: number
  y: number
  line: string
}

/** Wide enough to be read on a phone without being shrunk. */
const WIDTH = 360

const style = { background: 'none', fontSize: '12px', fontFamily: 'inherit' }

function draw(options: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const plot = Plot.plot({
    width: WIDTH,
    style,
    ...options,
    document: document as unknown as Document,
  })
  return (plot as unknown as { outerHTML: string }).outerHTML
}

/** Lines over the epochs or steps, each in the page's colour `--<line>`. */
export function lineChart(
  points: readonly Point[],
  {
    x,
    y,
    percent = false,
    log = false,
  }: { x: string; y: string; percent?: boolean; log?: boolean },
): string {
  const stroke = ({ line }: Point) => `var(--${line})`
  const isShort = new Set(points.map((point) => point.x)).size < 20
  const isSmooth = points.length > 40
  return draw({
    height: 240,
    marginLeft: 52,
    x: { label: x, ...(isShort && { tickFormat: 'd', interval: 1 }) },
    y: { label: y, grid: true, ...(percent && { percent: true }), ...(log && { type: 'log' }) },
    marks: [
      Plot.lineY(points, { x: 'x', y: 'y', z: 'line', stroke, strokeWidth: isSmooth ? 1.5 : 2 }),
      ...(isShort ? [Plot.dot(points, { x: 'x', y: 'y', fill: stroke, r: 2.5 })] : []),
    ],
  })
}

/** Bars of shares, the largest first. */
export function barChart(shares: readonly { label: string; share: number }[], x: string): string {
  const longest = Math.max(...shares.map(({ label }) => label.length))
  return draw({
    height: 56 + 20 * shares.length,
    marginBottom: 36,
    marginLeft: Math.min(150, 12 + 7 * longest),
    marginRight: 44,
    x: { label: x, percent: true, domain: [0, 100], grid: true },
    y: { label: null, domain: shares.map(({ label }) => label) },
    marks: [
      Plot.barX(shares, { x: 'share', y: 'label', fill: 'var(--validation)' }),
      Plot.text(shares, {
        x: 'share',
        y: 'label',
        dx: 4,
        textAnchor: 'start',
        fill: 'currentColor',
        text: ({ share }) => `${(share * 100).toFixed(1)}`,
      }),
    ],
  })
}

/** A confusion matrix as shares of each row, numbers in the cells where they fit. */
export function confusionChart(
  confusion: readonly (readonly number[])[],
  labels: readonly string[],
) {
  const cells = confusion.flatMap((row, own) => {
    const total = Math.max(
      1,
      row.reduce((sum, count) => sum + count, 0),
    )
    return row.map((count, given) => ({
      own: labels[own]!,
      given: labels[given]!,
      count,
      share: count / total,
    }))
  })
  const classes = labels.length
  const longest = Math.min(18, Math.max(...labels.map((label) => label.length)))
  const side = classes <= 12 ? 30 : Math.max(4, Math.round(480 / classes))
  const left = 16 + 7 * longest
  const named = classes <= 40
  return draw({
    width: left + classes * side + 16,
    height: (named ? left : 40) + classes * side + 16,
    marginLeft: named ? left : 40,
    marginBottom: named ? left : 40,
    marginTop: 8,
    marginRight: 8,
    padding: 0,
    x: { label: 'given', domain: labels, tickRotate: -90, ...(!named && { ticks: [] }) },
    y: { label: 'class', domain: labels, ...(!named && { ticks: [] }) },
    marks: [
      Plot.cell(cells, {
        x: 'given',
        y: 'own',
        inset: classes <= 40 ? 0.5 : 0,
        fillOpacity: 'share',
        fill: ({ own, given }) => (own === given ? 'var(--right)' : 'var(--wrong)'),
        title: ({ own, given, count }) => `${own} taken for ${given}: ${count}`,
      }),
      ...(classes <= 12
        ? [
            Plot.text(cells, {
              x: 'given',
              y: 'own',
              fontSize: 10,
              fill: 'currentColor',
              text: ({ count }) => (count === 0 ? '' : `${count}`),
            }),
          ]
        : []),
    ],
    opacity: { type: 'sqrt', domain: [0, 1], range: [0.04, 0.9] },
  })
}
