// Lines over a common axis, drawn by uPlot in the page's colours; what they show stands in the label too.
import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { useTurn } from '../turns.ts'

export interface Line {
  label: string
  color: string
  values: (number | null)[]
}

/** Colours that can be told apart, also by people who see few (Okabe and Ito). */
export const lineColors = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9']

/** Every other line is dashed, and where colours come again, those that were not: twelve that differ. */
const isDashed = (index: number) => (index + Math.floor(index / lineColors.length)) % 2 === 1

/** Steps of 1, 2 or 5 times a power of ten, up to billions. */
const wholeSteps = Array.from(
  { length: 28 },
  (_, at) => [1, 2, 5][at % 3]! * 10 ** Math.floor(at / 3),
)

export function Chart(props: {
  label: string
  x: number[]
  xLabel: string
  yLabel: string
  lines: Line[]
  height?: number
  /** Lowest and highest value; by the data where left out. */
  range?: [number, number]
  /** First and last place of the axis; by the data where left out. */
  span?: [number, number]
}) {
  const holder = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const { x, xLabel, yLabel, lines, height = 220, range, span } = props
  const shape = lines.map(({ label }) => label).join()
  const isDark = useDark()
  const isTurn = useTurn()
  useEffect(() => {
    if (!isTurn) return
    const element = holder.current!
    const style = getComputedStyle(document.documentElement)
    const ink = style.getPropertyValue('--pico-color') || '#444'
    const grid = { stroke: style.getPropertyValue('--pico-muted-border-color') || '#ccc', width: 1 }
    const font = '12px system-ui, sans-serif'
    const axis = { stroke: ink, grid, ticks: grid, font, labelFont: font, labelSize: 20 }
    const made = new uPlot(
      {
        width: element.clientWidth,
        height,
        scales: {
          x: span ? { time: false, range: () => span } : { time: false },
          y: range ? { range: () => range } : {},
        },
        axes: [
          // Epochs, steps and pictures have no halves.
          { ...axis, label: xLabel, incrs: wholeSteps },
          { ...axis, label: yLabel, size: 56 },
        ],
        series: [
          { label: xLabel },
          ...lines.map(({ label, color }, index) => ({
            label,
            stroke: color,
            width: 2,
            spanGaps: true,
            points: { show: (of: uPlot) => of.data[0].length < 30 },
            ...(isDashed(index) && { dash: [6, 3] }),
          })),
        ],
        legend: {
          live: false,
          markers: { dash: (_, line) => (isDashed(line - 1) ? 'dashed' : 'solid') },
        },
      },
      [x, ...lines.map(({ values }) => values)] as uPlot.AlignedData,
      element,
    )
    plot.current = made
    const watcher = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    watcher.observe(element)
    return () => {
      watcher.disconnect()
      made.destroy()
    }
    // Made anew for other lines or colours; new points of the same ones are handed over below.
  }, [shape, height, isDark, isTurn])
  useEffect(() => {
    plot.current?.setData([x, ...lines.map(({ values }) => values)] as uPlot.AlignedData)
  }, [x, lines])
  return <div ref={holder} class="chart" role="img" aria-label={props.label} />
}

/** Whether the system asks for dark pages: a canvas does not follow the style sheet by itself. */
function useDark(): boolean {
  const [query] = useState(() => matchMedia('(prefers-color-scheme: dark)'))
  const [isDark, setDark] = useState(query.matches)
  useEffect(() => {
    const change = () => setDark(query.matches)
    query.addEventListener('change', change)
    return () => query.removeEventListener('change', change)
  }, [query])
  return isDark
}
