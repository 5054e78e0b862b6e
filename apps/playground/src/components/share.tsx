// Share: the address of what is shown, copied and written out, for it is a link to all of this but pictures of one's own; the
// same as a frame for another page; and the picture with its answer, as a file.
import { useEffect, useState } from 'preact/hooks'
import { address, formatAddress, frameOf } from '../address.ts'
import { engine, isTenView, messageOf, session } from '../session.ts'
import { useStore } from '../store.ts'
import { language, t } from '../text/text.ts'
import { download } from './download.ts'
import { Message } from './message.tsx'
import { usePicture } from './picture-strip.tsx'

/** @param props.hasPicture whether the page shows a picture, whose own address not all have */
export function Share(props: { hasPicture: boolean }) {
  const [link, setLink] = useState('')
  const [isCopied, setCopied] = useState(false)
  const [problem, setProblem] = useState('')
  const image = usePicture()
  const shown = useStore(address)
  const { status, model } = useStore(session)
  // It is the link to what was shown.
  useEffect(() => setLink(''), [formatAddress(shown), image?.id])
  const share = () => {
    setProblem('')
    setLink(location.href)
    setCopied(false)
    // Where the browser lets no page copy, the link stands there all the same.
    navigator.clipboard?.writeText(location.href).then(
      () => setCopied(true),
      () => {},
    )
  }
  const save = async () => {
    if (!image || !model) return
    setProblem('')
    try {
      const foot = `${t('page.title')} · ${model.name}`
      const png = await engine().answerCard(
        image,
        { foot, locale: language.value },
        // As the page answers.
        { tenView: shown.page === 'classify' && isTenView.value },
      )
      download(`${image.name.replace(/\.\w+$/, '')}-alexnet.png`, png)
    } catch (error) {
      setProblem(messageOf(error))
    }
  }
  return (
    <>
      <button type="button" class="outline secondary" onClick={share}>
        {t('page.share')}
      </button>
      {link && (
        <div class="share">
          <p class="quiet" role="status">
            {isCopied && t('page.copied')}{' '}
            {props.hasPicture && image && !image.sample && t('page.notOwn')}
          </p>
          <div class="row">
            <input
              type="text"
              class="grow"
              readOnly
              value={link}
              aria-label={t('page.link')}
              onFocus={(event) => event.currentTarget.select()}
            />
            {props.hasPicture && image && (
              <button
                type="button"
                class="outline"
                disabled={status !== 'ready'}
                onClick={() => void save()}
              >
                {t('page.savePng')}
              </button>
            )}
          </div>
          <label>
            {t('page.frame')}
            <input
              type="text"
              readOnly
              value={frameOf(link, t('page.inFrame'))}
              onFocus={(event) => event.currentTarget.select()}
            />
          </label>
          {problem && <Message kind="problem">{problem}</Message>}
        </div>
      )}
    </>
  )
}
