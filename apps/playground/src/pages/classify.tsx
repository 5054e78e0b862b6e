// Classify: pictures in, the likeliest classes out.
import type { VNode } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Bars } from '../components/bars.tsx'
import { csv } from '../components/csv.ts'
import { download } from '../components/download.ts'
import { Message } from '../components/message.tsx'
import { PictureSource } from '../components/picture-source.tsx'
import { Thumbnail } from '../components/thumbnail.tsx'
import type { Classified, PageImage } from '../engine/protocol.ts'
import { useInAddress } from '../in-address.ts'
import { needsLarge, sampleImages } from '../samples.ts'
import {
  addImages,
  addWhereNone,
  chooseModel,
  dropped,
  engine,
  images,
  isTenView,
  MOST_IMAGES,
  messageOf,
  selected,
  session,
} from '../session.ts'
import { Store, useStore } from '../store.ts'
import { language, t } from '../text/text.ts'
import { useTurn } from '../turns.ts'

type Answer = Classified | { id: string; problem: string }

/** Answers by the pictures' ids, and what they are of: a model, a backend, one view or ten. */
interface Answers {
  of: string
  all: ReadonlyMap<string, Answer>
}

// Outside of the component: who comes back from another page finds them as they were.
const given = new Store<Answers>({ of: '', all: new Map() })

export function ClassifyPage() {
  const list = useStore(images)
  const pushedOut = useStore(dropped)
  const { status, version, backend, model } = useStore(session)
  const tenView = useStore(isTenView)
  useInAddress('classify', { views: tenView ? 'ten' : '' }, ({ views }) =>
    isTenView.set(views === 'ten'),
  )
  const answers = useAnswers(
    list,
    status === 'ready' ? `${version} ${tenView}` : undefined,
    tenView,
  )
  const results = useResults(list, answers, backend?.name.replace('alexnet-', '') ?? '')
  const done = list.flatMap(({ id }) => {
    const answer = answers.get(id)
    return answer && 'top' in answer ? [answer] : []
  })
  useEffect(() => {
    if (list.length === 0 && status === 'ready') void addWhereNone(sampleImages(1))
  }, [status])
  return (
    <>
      <PictureSource
        label="classify"
        pasteHere
        onPictures={addImages}
        onOther={(files) => void chooseModel({ kind: 'files', files })}
      >
        <button
          type="button"
          class="secondary"
          disabled={status !== 'ready'}
          onClick={() => {
            void sampleImages().then((samples) => {
              images.set([])
              addImages(samples)
            })
          }}
        >
          {t('classify.samples')}
        </button>
      </PictureSource>
      {model && needsLarge() && <p class="quiet">{t('real.samples')}</p>}
      {pushedOut > 0 && list.length === MOST_IMAGES && (
        <Message kind="problem">
          {t('classify.tooMany', { most: MOST_IMAGES, left: pushedOut })}
        </Message>
      )}
      <div class="row options">
        <label>
          <input
            type="checkbox"
            role="switch"
            checked={tenView}
            aria-checked={tenView}
            onChange={(event) => isTenView.set(event.currentTarget.checked)}
          />
          {t('classify.tenViews')}
        </label>
        {/* Always there, so that nothing moves when the first answer comes. */}
        <span class="row">
          <button
            type="button"
            class="outline"
            disabled={done.length === 0}
            onClick={() =>
              download('predictions.json', asJson(done, backend?.name, model?.name, tenView))
            }
          >
            {t('classify.json')}
          </button>
          <button
            type="button"
            class="outline"
            disabled={done.length === 0}
            onClick={() => download('predictions.csv', asCsv(done, model?.name), 'text/csv')}
          >
            {t('classify.csv')}
          </button>
          <button
            type="button"
            class="outline secondary"
            disabled={list.length === 0}
            onClick={() => {
              images.set([])
              // The button goes; the keyboard goes on from where pictures are given.
              document.querySelector<HTMLElement>('.drop button')?.focus()
            }}
          >
            {t('classify.clear')}
          </button>
        </span>
      </div>
      {list.length === 0 && <p class="quiet">{t('classify.none')}</p>}
      {/* One line for readers, in place of each answer as it comes. */}
      <p class="hidden" role="status">
        {done.length > 0 &&
          done.length === list.length &&
          t('classify.answered', { count: done.length })}
      </p>
      <ul class="results">{results}</ul>
    </>
  )
}

interface ResultProps {
  image: PageImage
  answer: Answer | undefined
  backend: string
}

/** A result an image. One whose answer is as it was is left as it is: answers come one by one, to hundreds of pictures. */
function useResults(
  list: readonly PageImage[],
  answers: ReadonlyMap<string, Answer>,
  backend: string,
) {
  const said = useStore(language)
  const of = `${backend} ${said}`
  const kept = useRef(new Map<string, { answer: Answer | undefined; of: string; result: VNode }>())
  kept.current = new Map(
    list.map((image) => {
      const { id } = image
      const answer = answers.get(id)
      const before = kept.current.get(id)
      if (before?.of === of && before.answer === answer) return [id, before]
      const result = <Result key={id} image={image} answer={answer} backend={backend} />
      return [id, { answer, of, result }]
    }),
  )
  return Array.from(kept.current.values(), ({ result }) => result)
}

function Result(props: ResultProps) {
  return <li class="card">{useTurn() ? <Drawn {...props} /> : <span class="thumbnail" />}</li>
}

function Drawn({ image, answer, backend }: ResultProps) {
  return (
    <>
      <Thumbnail blob={image.blob} alt={image.name} />
      <div class="grow">
        <h2 class="file">{image.name}</h2>
        {!answer && <p class="message busy">{t('classify.looking')}</p>}
        {answer && 'problem' in answer && <Message kind="problem">{answer.problem}</Message>}
        {answer && 'top' in answer && (
          <>
            <Bars top={answer.top} />
            <p class="quiet row">
              <span>{t('classify.took', { ms: Math.round(answer.milliseconds), backend })}</span>
              <button
                type="button"
                class="link"
                onClick={() => {
                  selected.set(image.id)
                  location.hash = '#/look'
                }}
              >
                {t('classify.lookInside')}
                <span class="hidden"> {t('classify.at', { name: image.name })}</span>
              </button>
            </p>
          </>
        )}
      </div>
    </>
  )
}

/** Answers to pictures, one after the other; begun anew when `version` changes. */
function useAnswers(list: readonly PageImage[], version: string | undefined, tenView: boolean) {
  const answers = useStore(given)
  const known = answers.of === version ? answers.all : new Map<string, Answer>()
  const next = version === undefined ? undefined : list.find(({ id }) => !known.has(id))
  useEffect(() => {
    if (!next || version === undefined) return
    let stale = false
    const put = (answer: Answer) => {
      if (!stale) given.set({ of: version, all: new Map([...known, [next.id, answer]]) })
    }
    engine()
      .classify(next, { tenView })
      .then(put, (error) => put({ id: next.id, problem: messageOf(error) }))
    return () => {
      stale = true
    }
  }, [next?.id, version])
  return known
}

function asJson(done: readonly Classified[], backend = '', model = '', tenView = false): string {
  const results = done.map(({ name, top, milliseconds }) => ({ file: name, top, milliseconds }))
  return `${JSON.stringify({ model, backend, tenView, results }, null, 2)}\n`
}

function asCsv(done: readonly Classified[], model = ''): string {
  const rows = done.flatMap(({ name, top }) =>
    top.map(({ index, label, probability }, rank) => [
      ...[name, rank + 1, index, label, probability, model],
    ]),
  )
  return csv([['file', 'rank', 'index', 'class', 'probability', 'model'], ...rows])
}
