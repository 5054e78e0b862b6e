// Compare: how far apart two pictures look to the network, where, and in which layer (LPIPS).
import { useEffect, useState } from 'preact/hooks'
import { asked, choose } from '../address.ts'
import { Bars } from '../components/bars.tsx'
import { Message } from '../components/message.tsx'
import { PictureSource } from '../components/picture-source.tsx'
import { usePicture } from '../components/picture-strip.tsx'
import { PixelView } from '../components/pixels.tsx'
import { Thumbnail } from '../components/thumbnail.tsx'
import type { ComparisonView, PageImage } from '../engine/protocol.ts'
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

/** Thumbnails in a strip. */
const FEW = 12

export function ComparePage() {
  const list = useStore(images)
  const { status, version } = useStore(session)
  const wanted = useStore(asked)
  const [secondId, setSecondId] = useState<string>()
  const [view, setView] = useState<ComparisonView & { pair: string }>()
  const [problem, setProblem] = useState('')
  const first = usePicture()
  const second = list.find(({ id }) => id === secondId) ?? list.find((one) => one !== first)
  const pair = first && second ? `${first.id} ${second.id} ${version}` : ''
  const ready = status === 'ready'

  useEffect(() => {
    if (ready && list.length === 0) void addWhereNone(sampleImages(4))
  }, [ready])
  useEffect(() => {
    // The first picture comes before it, as those of other pages do.
    const name = wanted.second
    if (!name || wanted.model || wanted.picture || !ready) return
    asked.patch({ second: undefined })
    const known = list.find(({ sample }) => sample === name)
    if (known) return setSecondId(known.id)
    if (!sampleNames().includes(name)) return
    const before = selected.value
    void sampleImages(1, name).then((found) => {
      addImages(found)
      setSecondId(selected.value)
      if (before) selected.set(before)
    })
  }, [wanted, ready, list])
  useEffect(() => {
    if (ready && !wanted.second) choose({ second: second?.sample ?? '' })
  }, [second?.id, wanted, ready])
  useEffect(() => {
    if (!ready || !first || !second) return
    let stale = false
    setProblem('')
    engine()
      .compare(first, second)
      .then(
        (found) => !stale && setView({ ...found, pair }),
        (error) => !stale && setProblem(messageOf(error)),
      )
    return () => {
      stale = true
    }
  }, [ready, pair])

  return (
    <>
      <PictureSource label="compare" pasteHere onPictures={addImages} />
      <p class="quiet">{t('compare.about')}</p>
      <Strip
        label={t('compare.first')}
        list={list}
        chosen={first}
        onChoose={(id) => selected.set(id)}
      />
      <Strip label={t('compare.second')} list={list} chosen={second} onChoose={setSecondId} />
      {!second && list.length > 0 && <p class="quiet">{t('compare.needSecond')}</p>}
      {problem && <Message kind="problem">{problem}</Message>}
      {view?.pair === pair && !problem && first && second && (
        <Result view={view} first={first} second={second} />
      )}
    </>
  )
}

function Strip(props: {
  label: string
  list: readonly PageImage[]
  chosen: PageImage | undefined
  onChoose: (id: string) => void
}) {
  const { label, list, chosen, onChoose } = props
  return (
    <fieldset class="strip">
      <legend>
        {label}
        {list.length > FEW && <small> {t('compare.few', { few: FEW, all: list.length })}</small>}
      </legend>
      {list.slice(0, FEW).map(({ id, name, blob }) => (
        <button
          key={id}
          type="button"
          class="plain"
          aria-pressed={id === chosen?.id}
          aria-label={t('compare.picture', { label, name })}
          onClick={() => onChoose(id)}
        >
          <Thumbnail blob={blob} alt="" />
        </button>
      ))}
    </fieldset>
  )
}

function Result(props: { view: ComparisonView; first: PageImage; second: PageImage }) {
  const { view, first, second } = props
  const [edge, setEdge] = useState(50)
  const sum = Math.max(view.distance, Number.EPSILON)
  const layers = view.layers.map((part, index) => ({
    index,
    label: t('compare.after', { index: index + 1, value: part.toFixed(4) }),
    probability: part / sum,
  }))
  return (
    <>
      <h2 data-testid="distance">
        {t('compare.distance', {
          first: first.name,
          second: second.name,
          distance: view.distance.toFixed(4),
        })}
      </h2>
      <p class="quiet">
        {t('compare.same')} {view.form === 'plain' && t('compare.plain')}{' '}
        {view.isResized && t('compare.resized', { first: first.name, second: second.name })}
      </p>
      <div class="columns">
        <figure>
          <figcaption>{t('compare.both')}</figcaption>
          <span class="marked shown">
            <PixelView pixels={view.first} alt={first.name} class="shown" />
            <span class="over" style={{ clipPath: `inset(0 0 0 ${edge}%)` }}>
              <PixelView pixels={view.second} alt={second.name} class="shown" />
            </span>
          </span>
          <input
            type="range"
            class="shown"
            min={0}
            max={100}
            value={edge}
            aria-label={t('compare.edge', { first: first.name })}
            onInput={(event) => setEdge(event.currentTarget.valueAsNumber)}
          />
        </figure>
        <figure>
          <figcaption>{t('compare.whereMost', { largest: view.largest.toFixed(3) })}</figcaption>
          <PixelView pixels={view.map} alt={t('compare.where')} class="shown" />
        </figure>
        <figure>
          <figcaption>{t('compare.adds')}</figcaption>
          <Bars top={layers} />
        </figure>
      </div>
    </>
  )
}
