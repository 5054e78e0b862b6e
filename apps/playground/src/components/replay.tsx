// Recorded curves, drawn again as they grew: ten seconds from the first epoch to the last, with pause and a slider. Who asks
// the system for less motion sees their end, and has the slider.
import { useEffect, useState } from 'preact/hooks'
import { number, t } from '../text/text.ts'
import { Chart, type Line } from './chart.tsx'

/** Seconds of a replay. */
const SECONDS = 10
const EPOCH_DIGITS = { maximumFractionDigits: 1 }

export function Replay(props: {
  /** What it is of, as no other of the page is called. */
  name: string
  label: string
  /** Of each line: a value an epoch, from the first on; null behind the last. */
  lines: readonly Line[]
  epochs: number
  xLabel: string
  yLabel: string
}) {
  const { name, label, lines, epochs, xLabel, yLabel } = props
  const [until, setUntil] = useState(epochs)
  const [isPlaying, setPlaying] = useState(false)
  const [isStill] = useState(() => matchMedia('(prefers-reduced-motion: reduce)').matches)
  useEffect(() => {
    if (!isPlaying) return
    const from = until
    const start = performance.now()
    let frame = requestAnimationFrame(function next(now) {
      const at = Math.min(epochs, from + ((now - start) / 1000) * ((epochs - 1) / SECONDS))
      setUntil(at)
      if (at < epochs) frame = requestAnimationFrame(next)
      else setPlaying(false)
    })
    return () => cancelAnimationFrame(frame)
  }, [isPlaying])
  const press = () => {
    if (!isPlaying && until >= epochs) setUntil(1)
    setPlaying(!isPlaying)
  }
  const x = Array.from({ length: Math.floor(until) }, (_, index) => index + 1)
  if (until > x.length) x.push(until)
  const values = lines.flatMap((line) => line.values.filter((value) => value !== null))
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const room = 0.05 * (most - least)
  return (
    <div>
      <Chart
        label={label}
        x={x}
        lines={lines.map((line) => ({ ...line, values: x.map((at) => valueAt(line.values, at)) }))}
        xLabel={xLabel}
        yLabel={yLabel}
        range={[least - room, most + room]}
        span={[1, epochs]}
      />
      <div class="row">
        {!isStill && (
          <button
            type="button"
            class="outline"
            aria-pressed={isPlaying}
            aria-label={t(isPlaying ? 'evidence:pauseOf' : 'evidence:playOf', { name })}
            onClick={press}
          >
            <span aria-hidden="true">{isPlaying ? '❚❚' : '▶'}</span>{' '}
            {t(isPlaying ? 'evidence:pause' : 'evidence:play')}
          </button>
        )}
        <input
          type="range"
          class="grow"
          min={1}
          max={epochs}
          step={0.1}
          value={until}
          aria-label={t('evidence:scrub', { name })}
          aria-valuetext={t('evidence:epoch', { epoch: number(until, EPOCH_DIGITS), epochs })}
          onInput={(event) => {
            setPlaying(false)
            setUntil(event.currentTarget.valueAsNumber)
          }}
        />
        <span class="quiet" data-testid="epoch">
          {t('evidence:epoch', { epoch: number(until, EPOCH_DIGITS), epochs })}
        </span>
      </div>
    </div>
  )
}

/** A line between two epochs. */
export function valueAt(values: readonly (number | null)[], epoch: number): number | null {
  const before = values[Math.floor(epoch) - 1] ?? null
  const after = values[Math.ceil(epoch) - 1] ?? null
  if (before === null || after === null) return null
  return before + (epoch - Math.floor(epoch)) * (after - before)
}
