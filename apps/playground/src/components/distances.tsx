// How far a changed picture is from the one it was, by layer, named as what it is.
import type { LayerDistances } from '../engine/protocol.ts'
import { t } from '../text/text.ts'
import { Bars } from './bars.tsx'

export function Distances({ far }: { far: LayerDistances }) {
  const sum = Math.max(far.distance, Number.EPSILON)
  const bars = far.layers.map((part, index) => ({
    index,
    label: t('hands:layer', { index: index + 1, value: part.toFixed(4) }),
    probability: part / sum,
  }))
  const distance = far.distance.toFixed(4)
  return (
    <figure>
      <figcaption>{t('hands:far')}</figcaption>
      <Bars top={bars} />
      <p class="quiet" data-testid="far">
        {t(far.form === 'lpips' ? 'hands:farLpips' : 'hands:farPlain', { distance })}
      </p>
    </figure>
  )
}
