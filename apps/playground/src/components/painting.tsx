// A picture, or an empty pad, to paint on: by pointer or keyboard, with undo; the answer follows while one paints.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { address, choose, type Fields } from '../address.ts'
import type { PageImage, Pixels } from '../engine/protocol.ts'
import { useFollowing } from '../following.ts'
import {
  between,
  formatStrokes,
  GRID,
  type Ink,
  inks,
  MOST_PLACES,
  painterOf,
  parseStrokes,
  placesOf,
  type Spot,
  type Stroke,
} from '../painting.ts'
import { engine, messageOf } from '../session.ts'
import { useStore } from '../store.ts'
import { percent, t } from '../text/text.ts'
import { Bars } from './bars.tsx'
import { Distances } from './distances.tsx'
import { Message } from './message.tsx'
import { steps } from './places.ts'

/** Radii of the brush in places of the grid. */
const SIZES = [1, 2, 4, 6, 10]

export function Painting(props: {
  /** Undefined for the empty pad. */
  image: PageImage | undefined
  /** Where the address has the strokes. */
  field: 'strokes' | 'drawing'
  version: number
  /** Told of the painting as a file, and what the address is to have from then on. */
  onKeep: (name: string, blob: Blob, over: Fields) => void
}) {
  const { image, field, version, onKeep } = props
  const kept = useStore(address).fields[field] ?? ''
  const ownInks = image ? inks.slice(0, 2) : inks.slice(2)
  const [ink, setInk] = useState<Ink>(ownInks[0]!)
  const [size, setSize] = useState(image ? 6 : 2)
  // The stroke under way; the address has it once it is done, as browsers let it change a few times a second only.
  // Events may come faster than it is drawn.
  const current = useRef<Stroke>(undefined)
  const [, setDrawn] = useState(0)
  const [ground, setGround] = useState<Pixels>()
  const [problem, setProblem] = useState('')
  const done = parseStrokes(kept)
  const strokes = current.current ? [...done, current.current] : done
  const isFull = placesOf(strokes) >= MOST_PLACES
  const text = formatStrokes(strokes)

  useEffect(() => {
    let stale = false
    engine()
      .toPaintOn(image)
      .then(
        (pixels) => !stale && setGround(pixels),
        (error) => !stale && setProblem(messageOf(error)),
      )
    return () => {
      stale = true
    }
  }, [image?.id])
  const answered = useFollowing(ground && strokes, `${text} ${version}`, (asked) =>
    engine().classifyPainted(image, asked),
  )
  const isChanged = image !== undefined && done.length > 0
  const far = useFollowing(isChanged ? done : undefined, `${kept} ${version}`, (asked) =>
    engine().paintedDistances(image!, asked),
  )

  const keep = (next: readonly Stroke[]) => {
    current.current = undefined
    choose({ [field]: formatStrokes(next) })
  }
  const save = async () => {
    try {
      const blob = await engine().paintedFile(image, done)
      const name = image ? t('hands:painted', { name: image.name }) : t('hands:drawing')
      onKeep(name, blob, { [field]: '' })
    } catch (error) {
      setProblem(messageOf(error))
    }
  }
  const top = answered.answer?.[0]
  return (
    <>
      <p>{t(image ? 'hands:paintAbout' : 'hands:drawAbout')}</p>
      <div class="row">
        <fieldset class="row inks tools">
          <legend class="hidden">{t('hands:ink')}</legend>
          {ownInks.map((name) => (
            <button
              key={name}
              type="button"
              class="outline"
              aria-pressed={name === ink}
              onClick={() => setInk(name)}
            >
              <span class={`ink ${name}`} aria-hidden="true" /> {t(`hands:inks.${name}`)}
            </button>
          ))}
        </fieldset>
        <label class="row">
          {t('hands:size')}
          <input
            type="range"
            min={0}
            max={SIZES.length - 1}
            value={SIZES.indexOf(size)}
            onInput={(event) => setSize(SIZES[event.currentTarget.valueAsNumber]!)}
          />
        </label>
        <button
          type="button"
          class="secondary"
          disabled={done.length === 0}
          onClick={() => keep(done.slice(0, -1))}
        >
          {t('hands:undo')}
        </button>
        <button
          type="button"
          class="secondary"
          disabled={done.length === 0}
          onClick={() => keep([])}
        >
          {t('hands:reset')}
        </button>
        <button
          type="button"
          class="outline"
          disabled={done.length === 0}
          onClick={() => void save()}
        >
          {t('hands:keep')}
        </button>
      </div>
      {isFull && <Message kind="problem">{t('hands:full')}</Message>}
      {(problem || answered.problem) && (
        <Message kind="problem">{problem || answered.problem}</Message>
      )}
      <div class="columns">
        {ground && (
          <Canvas
            label={image ? t('hands:canvas', { name: image.name }) : t('hands:pad')}
            ground={ground}
            done={done}
            current={current.current}
            size={size}
            onSpots={(spots, isNew) => {
              const before = isNew ? [] : (current.current?.spots ?? [])
              const room = Math.max(0, MOST_PLACES - placesOf(done) - before.length)
              const all = [...before, ...spots.slice(0, room)]
              current.current = all.length > 0 ? { ink, size, spots: all } : undefined
              setDrawn((times) => times + 1)
            }}
            onDone={() => current.current && keep([...done, current.current])}
            onUndo={() => keep(done.slice(0, -1))}
          />
        )}
        <figure>
          <figcaption>{t('hands:answer')}</figcaption>
          {answered.answer && <Bars top={answered.answer} />}
          <p class="hidden" role="status">
            {top && t('hands:says', { label: top.label, share: percent(top.probability) })}
          </p>
        </figure>
        {isChanged && far.answer && <Distances far={far.answer} />}
      </div>
    </>
  )
}

function Canvas(props: {
  label: string
  ground: Pixels
  done: readonly Stroke[]
  /** The stroke under way. */
  current: Stroke | undefined
  size: number
  /** Told of places that the brush has come over, and whether a stroke begins with them. */
  onSpots: (spots: Spot[], isNew: boolean) => void
  onDone: () => void
  onUndo: () => void
}) {
  const { ground, done, current, size, onSpots, onDone, onUndo } = props
  const canvas = useRef<HTMLCanvasElement>(null)
  const [brush, setBrush] = useState<Spot>({ x: GRID / 2, y: GRID / 2 })
  const last = useRef(brush)
  const isDown = useRef(false)
  const paint = useMemo(() => painterOf(ground), [ground])
  const before = useMemo(() => paint(ground, done), [ground, formatStrokes(done)])
  useLayoutEffect(() => {
    const { width, height, data } = current ? paint(before, [current]) : before
    const element = canvas.current!
    if (element.width !== width) element.width = width
    if (element.height !== height) element.height = height
    element.getContext('2d')!.putImageData(new ImageData(data, width, height), 0, 0)
  }, [before, current])
  const within = (value: number) => Math.max(0, Math.min(GRID - 1, value))
  const goTo = (spot: Spot, isNew: boolean) => {
    if (isDown.current) {
      const spots = isNew ? [spot] : between(last.current, spot, size)
      if (spots.length > 0) onSpots(spots, isNew)
    }
    last.current = spot
    setBrush(spot)
  }
  const point = (event: PointerEvent, isNew: boolean) => {
    const box = canvas.current!.getBoundingClientRect()
    const along = (at: number, start: number, length: number) =>
      within(Math.floor(((at - start) / length) * GRID))
    const spot = {
      x: along(event.clientX, box.left, box.width),
      y: along(event.clientY, box.top, box.height),
    }
    goTo(spot, isNew)
  }
  const lift = () => {
    if (!isDown.current) return
    isDown.current = false
    onDone()
  }
  const side = Math.min(ground.width, ground.height)
  const part = (length: number) => (200 * size * side) / (GRID * length)
  return (
    <figure>
      <span class="marked shown brushed">
        <canvas
          ref={canvas}
          role="img"
          aria-label={props.label}
          class="pixels"
          tabIndex={0}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId)
            isDown.current = true
            point(event, true)
          }}
          onPointerMove={(event) => point(event, false)}
          onPointerUp={lift}
          onPointerCancel={lift}
          onBlur={lift}
          onKeyDown={(event) => {
            const undoes = event.key === 'Backspace' || (event.key === 'z' && event.ctrlKey)
            if (undoes) onUndo()
            else if (event.key === ' ') {
              if (!event.repeat) {
                isDown.current = true
                onSpots([last.current], true)
              }
            } else if (event.key.startsWith('Arrow')) {
              const [down, right] = steps[event.key]!
              const far = event.shiftKey ? 8 : 2
              const { x, y } = last.current
              goTo({ x: within(x + far * right), y: within(y + far * down) }, false)
            } else return
            event.preventDefault()
          }}
          onKeyUp={(event) => event.key === ' ' && lift()}
        />
        <span
          class="mark ring"
          style={{
            left: `${(100 * (brush.x + 0.5)) / GRID - part(ground.width) / 2}%`,
            top: `${(100 * (brush.y + 0.5)) / GRID - part(ground.height) / 2}%`,
            width: `${part(ground.width)}%`,
            height: `${part(ground.height)}%`,
          }}
        />
      </span>
      <p class="quiet" data-testid="brush">
        {t('hands:at', { x: brush.x, y: brush.y, grid: GRID })}
      </p>
    </figure>
  )
}
