// Live: what the camera sees, named frame after frame, and the maps of a layer that it excites most.
import '../live.css'
import { transfer } from 'comlink'
import { useEffect, useRef, useState } from 'preact/hooks'
import { address, choose } from '../address.ts'
import { Bars } from '../components/bars.tsx'
import { cameraProblem, closeCamera, openCamera } from '../components/camera-stream.ts'
import { Message } from '../components/message.tsx'
import { PixelView } from '../components/pixels.tsx'
import type { LayerInfo, LiveView } from '../engine/protocol.ts'
import { engine, messageOf, session } from '../session.ts'
import { useStore } from '../store.ts'
import { number, percent, t } from '../text/text.ts'

/** Maps that are shown. */
const MAPS = 8
/** Frames that the rate is the mean of. */
const WINDOW = 30
/** Milliseconds between frames for whoever asks the system for less motion. */
const CALM = 500

export function LivePage() {
  const { status, version } = useStore(session)
  const ready = status === 'ready'
  const { layer: asked } = useStore(address).fields
  const layers = useLayers(ready ? version : undefined)
  const [isOn, setOn] = useState(false)
  const [isFrozen, setFrozen] = useState(false)
  const [problem, setProblem] = useState('')
  const video = useRef<HTMLVideoElement>(null)
  const startButton = useRef<HTMLButtonElement>(null)
  const freezeButton = useRef<HTMLButtonElement>(null)
  const layer = layers.find(({ name }) => name === asked) ?? (asked ? undefined : layers[0])
  const isHidden = useHidden()
  const isPlaying = usePlaying(video, isOn && !isHidden, (error) => {
    setProblem(cameraProblem(error))
    setOn(false)
  })
  const seen = useFrames(
    video,
    isPlaying && ready ? `${version} ${layer?.name}` : undefined,
    isFrozen,
    layer?.name,
    setProblem,
  )
  useEffect(() => {
    // The space bar would press the other button again.
    const isAtStart = document.activeElement === startButton.current
    if (isPlaying && isAtStart) freezeButton.current?.focus()
  }, [isPlaying])
  useEffect(() => {
    if (!isPlaying) return
    const press = (event: KeyboardEvent) => {
      const isTaken = (event.target as Element).closest('button, a, input, select, summary')
      if (event.code !== 'Space' || event.repeat || isTaken) return
      event.preventDefault()
      setFrozen((before) => !before)
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [isPlaying])
  const best = seen.isStill ? seen.view?.top[0] : undefined
  return (
    <>
      <p>{t('live:about')}</p>
      <div class="row live-controls">
        <button
          ref={startButton}
          type="button"
          onClick={() => {
            setProblem('')
            setFrozen(false)
            setOn(!isOn)
          }}
        >
          {t(isOn ? 'live:stop' : 'live:start')}
        </button>
        <button
          ref={freezeButton}
          type="button"
          class="secondary"
          aria-pressed={isFrozen}
          disabled={!isPlaying}
          onClick={() => setFrozen(!isFrozen)}
        >
          <span aria-hidden="true">{isFrozen ? '▶' : '❚❚'}</span> {t('live:freeze')}
        </button>
        <span class="quiet wide-only">{t('live:hint')}</span>
        <label>
          {t('live:layer')}{' '}
          <select
            value={layer?.name ?? 'none'}
            onChange={(event) => choose({ layer: event.currentTarget.value })}
          >
            {layers.map(({ name, kind }) => (
              <option key={name} value={name}>
                {name}: {t(`kind.${kind}`, { defaultValue: kind })}
              </option>
            ))}
            <option value="none">{t('live:none')}</option>
          </select>
        </label>
      </div>
      {problem && <Message kind="problem">{problem}</Message>}
      <p class="hidden" role="status">
        {isFrozen &&
          best &&
          t('live:frozen', { label: best.label, share: percent(best.probability) })}
      </p>
      <div class="columns live" hidden={!isOn}>
        <figure>
          <video ref={video} playsInline muted aria-label={t('camera.live')} />
        </figure>
        {seen.view && (
          <figure>
            <figcaption>{t('live:answer')}</figcaption>
            <Bars top={seen.view.top} />
            <dl class="facts" data-testid="live" data-held={JSON.stringify(seen.view.held)}>
              <Fact
                label={t('live:rate')}
                value={number(seen.rate, { maximumFractionDigits: 1 })}
              />
              <Fact label={t('live:each')} value={number(Math.round(seen.view.milliseconds))} />
              <Fact label={t('live:frames')} value={number(seen.frames)} />
              <Fact label={t('live:held')} value={number(seen.view.held.tensors)} />
            </dl>
          </figure>
        )}
      </div>
      {isOn && seen.view && seen.view.maps.length > 0 && (
        <figure>
          <figcaption>{t('live:maps', { layer: seen.layer })}</figcaption>
          <ul class="strip">
            {seen.view.maps.map(({ channel, pixels }, index) => (
              <li key={index}>
                <PixelView
                  pixels={pixels}
                  class="tile"
                  alt={t('live:mapAlt', { channel, layer: seen.layer })}
                />
                <small>{t('live:map', { channel })}</small>
              </li>
            ))}
          </ul>
        </figure>
      )}
    </>
  )
}

function Fact({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  )
}

/** The layers of the model that have maps. */
function useLayers(version: number | undefined): readonly LayerInfo[] {
  const [layers, setLayers] = useState<readonly LayerInfo[]>([])
  useEffect(() => {
    if (version === undefined) return
    let stale = false
    engine()
      .layers()
      .then(
        (found) =>
          !stale &&
          setLayers(found.filter(({ shape }) => shape.length === 3 && shape[0]! * shape[1]! > 1)),
        // The bar says what is wrong with the model.
        () => {},
      )
    return () => {
      stale = true
    }
  }, [version])
  return layers
}

function useHidden(): boolean {
  const [isHidden, setHidden] = useState(document.hidden)
  useEffect(() => {
    const follow = () => setHidden(document.hidden)
    document.addEventListener('visibilitychange', follow)
    return () => document.removeEventListener('visibilitychange', follow)
  }, [])
  return isHidden
}

/** Plays the camera while it is wanted. @returns whether there is a picture */
function usePlaying(
  video: { current: HTMLVideoElement | null },
  isWanted: boolean,
  onProblem: (error: DOMException) => void,
): boolean {
  const [isPlaying, setPlaying] = useState(false)
  useEffect(() => {
    if (!isWanted) return
    let stream: MediaStream | undefined
    let stale = false
    const open = async () => {
      stream = await openCamera()
      if (stale) return closeCamera(stream)
      video.current!.srcObject = stream
      await video.current!.play()
      if (!stale) setPlaying(true)
    }
    open().catch((error) => !stale && onProblem(error))
    return () => {
      stale = true
      setPlaying(false)
      if (stream) closeCamera(stream)
      if (video.current) video.current.srcObject = null
    }
  }, [isWanted])
  return isPlaying
}

interface Seen {
  view: LiveView | undefined
  /** The layer that its maps are of. */
  layer: string
  /** Whether it is of the frame that was frozen. */
  isStill: boolean
  rate: number
  frames: number
}

/**
 * Answers to the video's frames, each asked when the one before has been answered; while it is frozen, to the one that stands.
 *
 * @param of what the answers are of, a model and a layer; undefined where there is nothing to ask
 */
function useFrames(
  video: { current: HTMLVideoElement | null },
  of: string | undefined,
  isFrozen: boolean,
  layer: string | undefined,
  onProblem: (text: string) => void,
): Seen {
  const [seen, setSeen] = useState<Seen>({
    view: undefined,
    layer: '',
    isStill: false,
    rate: 0,
    frames: 0,
  })
  useEffect(() => {
    const element = video.current
    if (of === undefined || !element) return
    let stale = false
    const times: number[] = []
    const look = async () => {
      const frame = await createImageBitmap(element)
      const view = await engine().live(transfer(frame, [frame]), layer, MAPS)
      if (stale) return
      times.push(performance.now())
      if (times.length > WINDOW) times.shift()
      const seconds = (times.at(-1)! - times[0]!) / 1000
      setSeen(({ frames, rate }) => ({
        view,
        layer: layer ?? '',
        isStill: isFrozen,
        rate: isFrozen ? rate : seconds > 0 ? (times.length - 1) / seconds : 0,
        frames: frames + 1,
      }))
    }
    const go = async () => {
      if (isFrozen) {
        element.pause()
        setSeen((before) => ({ ...before, isStill: false }))
        // A frame that was on its way may still come to stand.
        for (let painted = 0; painted < 3; painted++) await new Promise(requestAnimationFrame)
        return stale ? undefined : look()
      }
      await element.play()
      const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches
      while (!stale) {
        await look()
        if (isCalm) await new Promise((resolve) => setTimeout(resolve, CALM))
        if (!stale) await nextFrame(element)
      }
    }
    go().catch((error) => !stale && onProblem(messageOf(error)))
    return () => {
      stale = true
    }
  }, [of, isFrozen])
  return seen
}

/** Until the video shows another frame; browsers that do not tell get the screen's. */
const nextFrame = (video: HTMLVideoElement) =>
  new Promise<void>((resolve) => {
    if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(() => resolve())
    else requestAnimationFrame(() => resolve())
  })
