// The classifier that has just been trained, at work on a picture that is dropped, or on what the camera sees.
import { useRef, useState } from 'preact/hooks'
import type { Prediction } from '../engine/protocol.ts'
import { messageOf } from '../session.ts'
import { t } from '../text/text.ts'
import { dataset, settings, tryOn } from '../training.ts'
import { Bars } from './bars.tsx'
import { Message } from './message.tsx'
import { PictureSource } from './picture-source.tsx'
import { Thumbnail } from './thumbnail.tsx'

/** @param props.isNew whether the run ended during this visit */
export function TryIt({ isNew }: { isNew: boolean }) {
  const [picture, setPicture] = useState<Blob>()
  const [top, setTop] = useState<readonly Prediction[]>()
  const [problem, setProblem] = useState('')
  // An answer that comes after a later question is not shown.
  const asked = useRef(0)
  // Who has trained on pictures by camera tries by camera, and has allowed it.
  const [hasCamera] = useState(
    () =>
      isNew &&
      settings.value.source === 'own' &&
      dataset.value.pictures.some(({ name }) => name === 'camera'),
  )
  const answer = async (given: { name: string; blob: Blob }) => {
    const own = ++asked.current
    setPicture(given.name === 'camera' ? undefined : given.blob)
    try {
      const found = await tryOn(given)
      if (own !== asked.current) return
      setTop(found)
      setProblem('')
    } catch (error) {
      if (own !== asked.current) return
      setTop(undefined)
      setProblem(messageOf(error))
    }
  }
  return (
    <section aria-label={t('run.try')} data-testid="try">
      <h3>{t('run.try')}</h3>
      <PictureSource
        label="try"
        pasteHere
        takes="live"
        isCameraOpen={hasCamera}
        onPictures={([first]) => answer(first!)}
      />
      {problem && <Message kind="problem">{problem}</Message>}
      {top && (
        <div class="card">
          {picture && <Thumbnail blob={picture} alt={t('run.tried')} />}
          <div class="grow">
            <Bars top={top} />
          </div>
        </div>
      )}
    </section>
  )
}
