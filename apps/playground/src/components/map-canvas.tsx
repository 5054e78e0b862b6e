// Thumbnails at their places, to move, zoom and draw around: by pointer, wheel and keyboard.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Point } from '../engine/picture-map.ts'
import type { PageImage } from '../engine/protocol.ts'
import { t } from '../text/text.ts'
import { inside, moved, type View, whole, zoomed } from './map-view.ts'
import { steps } from './places.ts'

/** Pixels of a thumbnail's longer side, at the first zoom. */
const THUMB = 34

export function MapCanvas(props: {
  label: string
  images: readonly PageImage[]
  points: readonly Point[]
  taken: ReadonlySet<string>
  onTake: (ids: string[]) => void
}) {
  const { label, images, points, taken, onTake } = props
  const canvas = useRef<HTMLCanvasElement>(null)
  const [view, setView] = useState<View>(whole)
  const [isLasso, setLasso] = useState(false)
  const [size, setSize] = useState({ width: 0, height: 0 })
  const [ring, setRing] = useState<Point[]>([])
  const held = useRef<Point>(undefined)
  const bitmaps = useBitmaps(images)
  useEffect(() => {
    const element = canvas.current!
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight })
    const watcher = new ResizeObserver(measure)
    watcher.observe(element)
    measure()
    return () => watcher.disconnect()
  }, [])
  /** A place of the map in the canvas's pixels; the map is a square in its middle. */
  const side = Math.max(1, Math.min(size.width, size.height) - THUMB)
  const onScreen = ({ x, y }: Point): Point => ({
    x: size.width / 2 + (x - view.x) * side * view.zoom,
    y: size.height / 2 + (y - view.y) * side * view.zoom,
  })
  useEffect(() => {
    const element = canvas.current!
    const scale = devicePixelRatio
    element.width = size.width * scale
    element.height = size.height * scale
    const context = element.getContext('2d')!
    context.scale(scale, scale)
    context.imageSmoothingQuality = 'high'
    const style = getComputedStyle(element)
    const accent = style.getPropertyValue('--pico-primary') || '#0072b2'
    const thumb = THUMB * Math.min(3, Math.sqrt(view.zoom))
    for (const [index, image] of images.entries()) {
      const at = onScreen(points[index]!)
      const bitmap = bitmaps.get(image.id)
      if (!bitmap) continue
      const share = thumb / Math.max(bitmap.width, bitmap.height)
      const [width, height] = [bitmap.width * share, bitmap.height * share]
      context.drawImage(bitmap, at.x - width / 2, at.y - height / 2, width, height)
      if (taken.has(image.id)) {
        context.strokeStyle = accent
        context.lineWidth = 3
        context.strokeRect(at.x - width / 2, at.y - height / 2, width, height)
      }
    }
    if (ring.length > 1) {
      context.strokeStyle = accent
      context.lineWidth = 2
      context.setLineDash([6, 4])
      context.beginPath()
      for (const { x, y } of ring) context.lineTo(x, y)
      context.stroke()
    }
  }, [images, points, taken, view, size, ring, bitmaps])

  const idsWhere = (test: (at: Point) => boolean) =>
    images.filter((_, index) => test(onScreen(points[index]!))).map(({ id }) => id)
  const takeView = () =>
    onTake(idsWhere(({ x, y }) => x >= 0 && y >= 0 && x <= size.width && y <= size.height))
  const zoomBy = (factor: number, at?: Point) =>
    setView((before) =>
      zoomed(before, factor, {
        x: at ? (at.x - size.width / 2) / side : 0,
        y: at ? (at.y - size.height / 2) / side : 0,
      }),
    )
  const placeOf = (event: MouseEvent): Point => {
    const box = canvas.current!.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }
  const lift = () => {
    if (!held.current) return
    held.current = undefined
    if (!isLasso) return
    // A press without a way is one on a thumbnail.
    const [first] = ring
    if (ring.length > 2) onTake(idsWhere((at) => inside(at, ring)))
    else if (first) {
      const near = (at: Point) => Math.hypot(at.x - first.x, at.y - first.y) < THUMB / 2
      onTake(idsWhere(near).slice(-1))
    }
    setRing([])
  }
  return (
    <div class="map">
      <div class="row tools">
        <button
          type="button"
          class="outline"
          aria-pressed={!isLasso}
          onClick={() => setLasso(false)}
        >
          {t('map:move')}
        </button>
        <button type="button" class="outline" aria-pressed={isLasso} onClick={() => setLasso(true)}>
          {t('map:lasso')}
        </button>
        <button type="button" class="secondary" onClick={() => zoomBy(1.5)}>
          {t('map:zoomIn')}
        </button>
        <button type="button" class="secondary" onClick={() => zoomBy(1 / 1.5)}>
          {t('map:zoomOut')}
        </button>
        <button type="button" class="secondary" onClick={() => setView(whole)}>
          {t('map:all')}
        </button>
        <button type="button" class="secondary" onClick={takeView}>
          {t('map:inView')}
        </button>
      </div>
      <canvas
        ref={canvas}
        role="img"
        aria-label={label}
        class={isLasso ? 'lasso' : ''}
        tabIndex={0}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          held.current = placeOf(event)
          if (isLasso) setRing([held.current])
        }}
        onPointerMove={(event) => {
          const before = held.current
          if (!before) return
          const at = placeOf(event)
          held.current = at
          if (isLasso) setRing((points) => [...points, at])
          else {
            const [right, down] = [at.x - before.x, at.y - before.y]
            setView((now) => moved(now, -right / side, -down / side))
          }
        }}
        onPointerUp={lift}
        onPointerCancel={lift}
        onWheel={(event) => {
          event.preventDefault()
          zoomBy(2 ** (-event.deltaY / 300), placeOf(event))
        }}
        onKeyDown={(event) => {
          const { key } = event
          if (key.startsWith('Arrow')) {
            const [down, right] = steps[key]!
            setView((now) => moved(now, right / 8, down / 8))
          } else if (key === '+' || key === '=') zoomBy(1.25)
          else if (key === '-' || key === '−') zoomBy(0.8)
          else if (key === '0') setView(whole)
          else if (key === 'Enter') takeView()
          else return
          event.preventDefault()
        }}
      />
      <p class="quiet">{t('map:keys')}</p>
    </div>
  )
}

/** Small bitmaps of the pictures by their ids, one after the other as they come; those of pictures that are gone are closed. */
function useBitmaps(images: readonly PageImage[]): ReadonlyMap<string, ImageBitmap> {
  const known = useRef(new Map<string, ImageBitmap>())
  const [shown, setShown] = useState<ReadonlyMap<string, ImageBitmap>>(new Map())
  useEffect(() => {
    let stale = false
    const ids = new Set(images.map(({ id }) => id))
    for (const [id, bitmap] of known.current) {
      if (ids.has(id)) continue
      bitmap.close()
      known.current.delete(id)
    }
    const make = async () => {
      let since = performance.now()
      for (const { id, blob } of images) {
        if (stale) return
        if (known.current.has(id)) continue
        try {
          const bitmap = await createImageBitmap(blob, {
            resizeWidth: 2 * THUMB,
            resizeQuality: 'medium',
          })
          if (stale) return bitmap.close()
          known.current.set(id, bitmap)
        } catch {
          // Broken pictures are counted beside the map.
        }
        if (performance.now() - since < 250) continue
        since = performance.now()
        setShown(new Map(known.current))
      }
      setShown(new Map(known.current))
    }
    void make()
    return () => {
      stale = true
    }
  }, [images])
  useEffect(
    () => () => {
      for (const bitmap of known.current.values()) bitmap.close()
      known.current.clear()
    },
    [],
  )
  return shown
}
