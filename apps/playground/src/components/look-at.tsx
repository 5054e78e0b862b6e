// A picture, small, whose press goes on to Look inside.
import type { PageImage } from '../engine/protocol.ts'
import { selected } from '../session.ts'
import { t } from '../text/text.ts'
import { Thumbnail } from './thumbnail.tsx'

export function LookAt({ image }: { image: PageImage }) {
  return (
    <button
      type="button"
      class="plain"
      aria-label={t('map:look', { name: image.name })}
      onClick={() => {
        selected.set(image.id)
        location.hash = '#/look'
      }}
    >
      <Thumbnail blob={image.blob} alt="" />
    </button>
  )
}
