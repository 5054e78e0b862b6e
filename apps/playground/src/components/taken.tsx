// The pictures that were taken from the map, listed.
import type { PageImage } from '../engine/protocol.ts'
import { t } from '../text/text.ts'
import { LookAt } from './look-at.tsx'

/** Pictures of a list. */
const FEW = 60

export function Taken(props: { images: readonly PageImage[]; onLetGo: () => void }) {
  const { images, onLetGo } = props
  const count = images.length
  return (
    <section>
      <p class="row" data-testid="taken">
        <span role="status">{count > 0 ? t('map:taken', { count }) : t('map:takenNone')}</span>
        {count > 0 && (
          <button type="button" class="outline secondary" onClick={onLetGo}>
            {t('map:let')}
          </button>
        )}
      </p>
      <ul class="found">
        {images.slice(0, FEW).map((image) => (
          <li key={image.id}>
            <LookAt image={image} />
            <small>
              {image.label ? t('map:named', { name: image.name, label: image.label }) : image.name}
            </small>
          </li>
        ))}
      </ul>
      {count > FEW && <p class="quiet">{t('map:more', { count: count - FEW })}</p>}
    </section>
  )
}
