// The front page: what AlexNet is, one at work on a picture, and four ways on.
import { useEffect, useState } from 'preact/hooks'
import { Bars } from '../components/bars.tsx'
import { Message } from '../components/message.tsx'
import { Status } from '../components/model-bar.tsx'
import { usePicture } from '../components/picture-strip.tsx'
import { Thumbnail } from '../components/thumbnail.tsx'
import type { Classified } from '../engine/protocol.ts'
import { sampleImages, sampleNames } from '../samples.ts'
import {
  addImages,
  addWhereNone,
  engine,
  images,
  messageOf,
  selected,
  session,
} from '../session.ts'
import { useStore } from '../store.ts'
import { t } from '../text/text.ts'
import { InFrames } from '../turns.ts'

/** The doors, and where each leads. */
const doors = {
  tour: '#/tour/1',
  classify: '#/classify',
  train: '#/train',
  look: '#/look',
} as const

export function HomePage() {
  return (
    <InFrames>
      <p class="lead">{t('home.what')}</p>
      <section class="card live" aria-label={t('home.live')}>
        <LiveAnswer />
      </section>
      <ul class="doors">
        {(Object.keys(doors) as (keyof typeof doors)[]).map((name) => (
          <li key={name}>
            <a href={doors[name]}>
              <strong>{t(`home.${name}`)}</strong>
              <span>{t(`home.${name}About`)}</span>
            </a>
          </li>
        ))}
      </ul>
      <p class="quiet">
        {t('home.more')}{' '}
        {(['live', 'compare', 'map', 'take', 'paper', 'backends'] as const).map((name) => (
          <a key={name} class="further" href={`#/${name}`}>
            {t(`pages.${name}`)}
          </a>
        ))}
      </p>
    </InFrames>
  )
}

/** A picture and what it is taken for; another one at a press. */
function LiveAnswer() {
  const image = usePicture()
  const { status, version, message } = useStore(session)
  const [answer, setAnswer] = useState<Classified>()
  const [problem, setProblem] = useState('')
  useEffect(() => {
    // The picture need not wait for the model.
    if (images.value.length === 0) void addWhereNone(sampleImages(1))
  }, [])
  useEffect(() => {
    if (!image || status !== 'ready') return
    let stale = false
    setProblem('')
    engine()
      .classify(image)
      .then(
        (found) => !stale && setAnswer(found),
        (error) => !stale && setProblem(messageOf(error)),
      )
    return () => {
      stale = true
    }
  }, [image?.id, status, version])
  const another = async () => {
    const names = sampleNames()
    const name = names[(names.indexOf(image?.sample ?? '') + 1) % names.length]!
    const known = images.value.find(({ sample }) => sample === name)
    if (known) selected.set(known.id)
    else addImages(await sampleImages(1, name))
  }
  return (
    <>
      {image ? <Thumbnail blob={image.blob} alt={image.name} /> : <span class="thumbnail" />}
      <div class="grow">
        {problem || status === 'failed' ? (
          <Message kind="problem">{problem || message}</Message>
        ) : answer && answer.id === image?.id ? (
          <Bars top={answer.top.slice(0, 3)} />
        ) : (
          <p class="quiet waiting">{t('classify.looking')}</p>
        )}
        <button type="button" class="outline secondary" onClick={() => void another()}>
          {t('home.another')}
        </button>
        <Status />
      </div>
    </>
  )
}
