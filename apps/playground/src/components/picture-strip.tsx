// The pictures at hand, and which of them is looked at.
import type { PageImage } from '../engine/protocol.ts'
import { images, selected } from '../session.ts'
import { useStore } from '../store.ts'
import { t } from '../text/text.ts'
import { Thumbnail } from './thumbnail.tsx'

/** Thumbnails in the strip. */
const FEW = 12

/** The picture that is looked at. */
export function usePicture(): PageImage | undefined {
  const list = useStore(images)
  const chosen = useStore(selected)
  return list.find(({ id }) => id === chosen) ?? list[0]
}

/** The pictures at hand, one of them to look at. */
export function PictureStrip() {
  const list = useStore(images)
  const image = usePicture()
  if (list.length === 0) return null
  return (
    <fieldset class="strip">
      <legend class="hidden">{t('look.strip')}</legend>
      {around(list, list.indexOf(image!), FEW).map(({ id, name: file, blob }) => (
        <button
          key={id}
          type="button"
          class="plain"
          aria-pressed={id === image?.id}
          aria-label={file}
          onClick={() => selected.set(id)}
        >
          <Thumbnail blob={blob} alt="" />
        </button>
      ))}
    </fieldset>
  )
}

/** At most `count` of a list, one of them in their midst. */
function around<T>(list: readonly T[], index: number, count: number): readonly T[] {
  const first = Math.max(0, Math.min(index - Math.floor(count / 2), list.length - count))
  return list.slice(first, first + count)
}
