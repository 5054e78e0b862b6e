// The answer with parts of the network off, beside the whole one's.
import { useEffect, useState } from 'preact/hooks'
import type { PageImage, Part, SwitchOffView } from '../engine/protocol.ts'
import { engine, messageOf } from '../session.ts'
import { t } from '../text/text.ts'
import { Bars } from './bars.tsx'
import { Message } from './message.tsx'

export function SwitchedOff(props: {
  image: PageImage
  parts: Part[]
  onParts: (parts: Part[]) => void
  version: number
}) {
  const { image, parts, onParts, version } = props
  const asked = JSON.stringify([image.id, version, parts])
  const [view, setView] = useState<SwitchOffView & { asked: string }>()
  const [problem, setProblem] = useState('')
  useEffect(() => {
    let stale = false
    setProblem('')
    engine()
      .switchOff(image, parts)
      .then(
        (found) => !stale && setView({ ...found, asked }),
        (error) => !stale && setProblem(messageOf(error)),
      )
    return () => {
      stale = true
    }
  }, [asked])
  const isWhole = parts.length === 0
  return (
    <section aria-label={t('look.answer')}>
      <h2>{t('look.answer')}</h2>
      {isWhole ? (
        <p class="quiet">{t('look.answerAbout')}</p>
      ) : (
        <p class="row">
          <span>{t('look.offParts', { parts: parts.map(nameOf).join('; ') })}</span>
          <button type="button" class="outline" onClick={() => onParts([])}>
            {t('look.allOn')}
          </button>
        </p>
      )}
      {problem && <Message kind="problem">{problem}</Message>}
      {view && (
        <div class="columns few">
          <figure>
            <figcaption>{t('look.whole')}</figcaption>
            <Bars top={view.whole} />
          </figure>
          {/* The view may still be that of other parts, whose answer this is not. */}
          {!isWhole && view.asked === asked && (
            <figure>
              <figcaption>{t('look.without')}</figcaption>
              <Bars top={view.without} />
            </figure>
          )}
        </div>
      )}
    </section>
  )
}

const nameOf = ({ layer, channels }: Part): string =>
  channels ? t('look.offChannels', { layer, channels: channels.join(', ') }) : layer
