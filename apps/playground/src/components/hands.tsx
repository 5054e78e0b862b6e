// Hands on the picture that is looked at: paint over it, draw one of one's own, nudge it against the network. What is chosen
// and painted is in the page's address.
import '../hands.css'
import '../tools.css'
import { useState } from 'preact/hooks'
import { address, choose, type Fields } from '../address.ts'
import { addImages, session } from '../session.ts'
import { useStore } from '../store.ts'
import { t } from '../text/text.ts'
import { Message } from './message.tsx'
import { Nudge } from './nudge.tsx'
import { Painting } from './painting.tsx'
import { usePicture } from './picture-strip.tsx'

const tools = ['paint', 'draw', 'nudge'] as const

export function Hands() {
  const { hand } = useStore(address).fields
  const { status, model, version } = useStore(session)
  const image = usePicture()
  const [note, setNote] = useState('')
  const onKeep = (name: string, blob: Blob, over: Fields) => {
    addImages([{ name, blob }])
    choose({ ...over, hand: '' })
    setNote(t('hands:kept', { name }))
  }
  const tool = tools.find((name) => name === hand)
  const isReady = status === 'ready' && model && image
  return (
    <section aria-label={t('hands:title')}>
      <h2>{t('hands:title')}</h2>
      <p class="quiet">{t('hands:about')}</p>
      <fieldset class="row tools">
        <legend class="hidden">{t('hands:tools')}</legend>
        {tools.map((name) => (
          <button
            key={name}
            type="button"
            class="outline"
            aria-pressed={name === tool}
            onClick={() => {
              setNote('')
              choose({ hand: name === tool ? '' : name })
            }}
          >
            {t(`hands:${name}`)}
          </button>
        ))}
      </fieldset>
      {note && <Message kind="busy">{note}</Message>}
      {isReady && tool === 'paint' && (
        <Painting
          key={`paint ${image.id}`}
          image={image}
          field="strokes"
          version={version}
          onKeep={onKeep}
        />
      )}
      {isReady && tool === 'draw' && (
        <Painting key="draw" image={undefined} field="drawing" version={version} onKeep={onKeep} />
      )}
      {isReady && tool === 'nudge' && (
        <Nudge key={image.id} image={image} model={model} version={version} onKeep={onKeep} />
      )}
    </section>
  )
}
