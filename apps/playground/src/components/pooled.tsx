// The pinned unit of a pool: its window, in which the largest place is ringed, for that is all that goes on.
import type { ComponentChildren } from 'preact'
import type { PoolWindow } from '../engine/protocol.ts'
import { number, t } from '../text/text.ts'
import { PixelView } from './pixels.tsx'

/** @param props.children what moves the window, and where it is */
export function Pooled(props: { pooled: PoolWindow; value: number; children: ComponentChildren }) {
  const { patch, winner, seen } = props.pooled
  const { height, width } = patch
  const written = (value: number) => number(value, { maximumSignificantDigits: 3 })
  return (
    <section aria-label={t('pool.title')}>
      <h3>{t('pool.title')}</h3>
      {props.children}
      <div class="row top-aligned">
        <PixelView
          pixels={patch}
          class="patch"
          alt={t('pool.window')}
          marks={
            winner
              ? [{ left: winner.column, top: winner.row, width: 1, height: 1, isRing: true }]
              : []
          }
        />
        <p data-testid="pooled">
          {winner
            ? t('pool.largest', {
                height,
                width,
                value: written(winner.value),
                row: seen.window.top + winner.row,
                column: seen.window.left + winner.column,
              })
            : t('pool.mean', { height, width, value: written(props.value) })}
        </p>
      </div>
    </section>
  )
}
