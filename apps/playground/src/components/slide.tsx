// Slides a filter or a pool's window over the map: the place moves on as soon as what stands there is shown, until the map
// ends. Who asks the system for less motion gets one step a press.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { LayerInfo } from '../engine/protocol.ts'
import { t } from '../text/text.ts'
import { following, type Place } from './places.ts'

/** Milliseconds that a place is looked at: the address follows, and Safari lets it change 100 times in 30 seconds. */
const PAUSE = 400

export function Slide(props: {
  layer: LayerInfo
  place: Place
  /** The place whose numbers are on the page. */
  shown: Place
  onPlace: (place: Place) => void
}) {
  const { layer, place, shown, onPlace } = props
  const [isSliding, setSliding] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const next = following(layer, place)
  const isShown = shown.row === place.row && shown.column === place.column
  useEffect(() => {
    if (!isSliding) return
    if (!next) return setSliding(false)
    if (!isShown) return
    timer.current = setTimeout(() => onPlace(next), PAUSE)
    return () => clearTimeout(timer.current)
  }, [isSliding, isShown, place.row, place.column])
  const press = () => {
    clearTimeout(timer.current)
    const onward = next ?? { ...place, row: 0, column: 0 }
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return onPlace(onward)
    if (!isSliding && !next) onPlace(onward)
    setSliding(!isSliding)
  }
  return (
    <button type="button" class="outline" aria-pressed={isSliding} onClick={press}>
      <span aria-hidden="true">{isSliding ? '❚❚' : '▶'}</span>{' '}
      {t(layer.hasFilters ? 'slide.filter' : 'slide.window')}
    </button>
  )
}
