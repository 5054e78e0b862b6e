// Where a filter or a window stands: framed in the map that it sees, or in the picture, and the cell that it fills in its own.
import type { ComponentChildren } from 'preact'
import type { MapWindow, UnitView } from '../engine/protocol.ts'
import { t } from '../text/text.ts'
import { PixelView } from './pixels.tsx'
import type { Place } from './places.ts'

/**
 * @param props.seen the map before; the picture where that is left out
 * @param props.children what moves it
 */
export function InAndOut(props: {
  unit: UnitView & { place: Place }
  seen: (MapWindow & { channel?: number }) | undefined
  children: ComponentChildren
}) {
  const { unit, seen, children } = props
  // A map of one place has nothing to slide over.
  if (!unit.map) return null
  const { row, column, channel } = unit.place
  const index = seen?.channel ?? channel
  return (
    <>
      <p>{children}</p>
      <div class="row top-aligned">
        <small class="slid">
          {seen ? (
            <PixelView
              pixels={seen.pixels}
              class="slid-over"
              alt={t('slide.in', { index })}
              marks={[seen.window]}
            />
          ) : (
            <PixelView pixels={unit.framed} class="slid-over" alt={t('look.framed')} />
          )}
          {seen ? t('slide.in', { index }) : t('slide.picture')}
        </small>
        <span aria-hidden="true" class="onward">
          →
        </span>
        <small class="slid">
          <PixelView
            pixels={unit.map}
            class="slid-over"
            alt={t('slide.out', { channel })}
            marks={[{ left: column, top: row, width: 1, height: 1 }]}
          />
          {t('slide.out', { channel })}
        </small>
      </div>
    </>
  )
}
