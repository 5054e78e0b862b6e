// One picture as training sees it, again and again.
import type { Pixels } from '../engine/protocol.ts'
import { t } from '../text/text.ts'
import { PixelView } from './pixels.tsx'

export function Augmented(props: { pictures: readonly Pixels[] }) {
  return (
    <div class="strip">
      {props.pictures.map((pixels, index) => (
        <PixelView
          key={index}
          pixels={pixels}
          class="tile"
          alt={t('train.augmented', { index: index + 1 })}
        />
      ))}
    </div>
  )
}
