// Share: the address of what is shown, copied and written out, for it is a link to all of this but pictures of one's own.
import { useEffect, useState } from 'preact/hooks'
import { address } from '../address.ts'
import { useStore } from '../store.ts'
import { t } from '../text/text.ts'
import { usePicture } from './inside.tsx'

/** @param props.hasPicture whether the page shows a picture, whose own address not all have */
export function Share(props: { hasPicture: boolean }) {
  const [link, setLink] = useState('')
  const image = usePicture()
  const { page, step } = useStore(address)
  useEffect(() => setLink(''), [page, step])
  const share = () => {
    setLink(location.href)
    // Where the browser lets no page copy, the link stands there all the same.
    navigator.clipboard?.writeText(location.href).catch(() => {})
  }
  return (
    <>
      <button type="button" class="outline secondary" onClick={share}>
        {t('page.share')}
      </button>
      {link && (
        <div class="share">
          <p class="quiet" role="status">
            {t(props.hasPicture && image && !image.sample ? 'page.sharedOwn' : 'page.shared')}
          </p>
          <input
            type="text"
            readOnly
            value={link}
            aria-label={t('page.link')}
            onFocus={(event) => event.currentTarget.select()}
          />
        </div>
      )}
    </>
  )
}
