// The map of pictures: each at the place that its features give it, and what that tells of duplicates, labels and the model.
import { useEffect, useRef, useState } from 'preact/hooks'
import '../map.css'
import '../tools.css'
import { address, choose } from '../address.ts'
import { Findings } from '../components/findings.tsx'
import { MapCanvas } from '../components/map-canvas.tsx'
import { Message } from '../components/message.tsx'
import { PictureSource } from '../components/picture-source.tsx'
import { Taken } from '../components/taken.tsx'
import { picturesOf } from '../data-set-file.ts'
import { type Projection, projections } from '../engine/projections.ts'
import { baseName, folderOf, parseLabels } from '../labels-file.ts'
import { useMap } from '../map.ts'
import { sampleImages } from '../samples.ts'
import {
  addImages,
  addWhereNone,
  dropped,
  engine,
  images,
  MOST_IMAGES,
  messageOf,
  session,
} from '../session.ts'
import { Store, useStore } from '../store.ts'
import { t } from '../text/text.ts'
import { dataset, restore } from '../training.ts'

/** Labels by the names of pictures' files; they hold for pictures that come later, too. */
const named = new Store<ReadonlyMap<string, string>>(new Map())
/** Preact's types do not know the attribute by which an input takes folders. */
const foldersOnly = { webkitdirectory: true }

export function MapPage() {
  const list = useStore(images)
  const pushedOut = useStore(dropped)
  const names = useStore(named)
  const own = useStore(dataset)
  const { status, version, model } = useStore(session)
  const { fields } = useStore(address)
  const [problem, setProblem] = useState('')
  const [note, setNote] = useState('')
  const [taken, setTaken] = useState<ReadonlySet<string>>(new Set())
  const folder = useRef<HTMLInputElement>(null)
  const by: Projection = projections.find((name) => name === fields.by) ?? 'umap'
  const isReady = status === 'ready'
  const labelled = list.map((image) => ({
    ...image,
    label: names.get(image.name) ?? image.label ?? '',
  }))
  const found = useMap(labelled, isReady ? version : undefined, fields.layer, by)

  useEffect(() => {
    if (isReady && list.length === 0) void addWhereNone(sampleImages())
    void restore()
  }, [isReady])

  const readFolder = async (input: HTMLInputElement) => {
    const files = [...(input.files ?? [])]
    input.value = ''
    setProblem('')
    try {
      addImages(await picturesOf(files))
    } catch (error) {
      setProblem(messageOf(error))
    }
  }
  const readLabels = async (files: File[]) => {
    setProblem('')
    setNote('')
    try {
      const file = files.find(({ name }) => /\.csv$/i.test(name))
      if (!file) throw new Error(t('source.noPicture', { name: files[0]!.name }))
      const read = parseLabels(await file.text(), file.name)
      const has = new Set(images.value.map(({ name }) => baseName(name)))
      const unknown = [...read.keys()].filter((name) => !has.has(name)).length
      const said = { file: file.name, known: read.size - unknown, unknown }
      setNote(t(unknown > 0 ? 'map:labelsUnknown' : 'map:labels', said))
      named.set(new Map([...named.value, ...read]))
    } catch (error) {
      setProblem(messageOf(error))
    }
  }
  const clear = () => {
    images.set([])
    named.set(new Map())
    setTaken(new Set())
    setNote('')
    if (isReady) void engine().forget()
    // The button goes; the keyboard goes on from where pictures are given.
    document.querySelector<HTMLElement>('.drop button')?.focus()
  }
  const { layers, layer, shown, points } = found
  const layerAt = layers.indexOf(layer!)
  return (
    <>
      <p>{t('map:about')}</p>
      <PictureSource
        label="map"
        pasteHere
        onPictures={(given) =>
          addImages(given.map((one) => ({ ...one, label: folderOf(one.blob) })))
        }
        onOther={(files) => void readLabels(files)}
      >
        <button type="button" class="secondary" onClick={() => folder.current?.click()}>
          {t('map:folder')}
        </button>
        <button
          type="button"
          class="secondary"
          disabled={!isReady}
          onClick={() => void sampleImages().then(addImages)}
        >
          {t('map:samples')}
        </button>
        <button
          type="button"
          class="secondary"
          onClick={() => {
            const { classes, pictures } = own
            if (pictures.length === 0) return setProblem(t('map:noOwn'))
            addImages(
              pictures.map(({ name, blob, label }) => ({ name, blob, label: classes[label] })),
            )
          }}
        >
          {t('map:own')}
        </button>
        <button
          type="button"
          class="outline secondary"
          disabled={list.length === 0}
          onClick={clear}
        >
          {t('map:clear')}
        </button>
      </PictureSource>
      <input
        ref={folder}
        type="file"
        hidden
        multiple
        {...foldersOnly}
        data-testid="folder-map"
        onChange={(event) => void readFolder(event.currentTarget)}
      />
      <p class="quiet">{t('map:labelsHint')}</p>
      {problem && <Message kind="problem">{problem}</Message>}
      {note && <Message kind="busy">{note}</Message>}
      {pushedOut > 0 && list.length === MOST_IMAGES && (
        <Message kind="problem">
          {t('classify.tooMany', { most: MOST_IMAGES, left: pushedOut })}
        </Message>
      )}
      {list.length === 0 && <p class="quiet">{t('map:none')}</p>}
      {layer && (
        <div class="fields">
          <label>
            {t('map:layer', { layer: layer.short })}
            <input
              type="range"
              min={0}
              max={layers.length - 1}
              value={layerAt}
              aria-valuetext={layer.short}
              onInput={(event) =>
                choose({ layer: layers[event.currentTarget.valueAsNumber]!.name })
              }
            />
          </label>
          <label>
            {t('map:projection')}
            <select value={by} onChange={(event) => choose({ by: event.currentTarget.value })}>
              {projections.map((name) => (
                <option key={name} value={name}>
                  {t(`map:${name}`)}
                </option>
              ))}
            </select>
          </label>
        </div>
      )}
      {found.problem && <Message kind="problem">{found.problem}</Message>}
      {found.unread > 0 && (
        <Message kind="problem">{t('map:unread', { count: found.unread })}</Message>
      )}
      {/* Always there, so that nothing moves while a map is made. */}
      <p class="quiet" role="status">
        {found.reading
          ? t('map:reading', found.reading)
          : found.isPlacing
            ? t('map:placing')
            : '\u00A0'}
      </p>
      {layer && points && shown.length > 0 && (
        <>
          <MapCanvas
            label={t('map:map', {
              count: shown.length,
              layer: layer.short,
              projection: t(`map:${by}`),
            })}
            images={shown}
            points={points.points}
            taken={taken}
            onTake={(ids) => setTaken(new Set(ids))}
          />
          <Taken
            images={shown.filter(({ id }) => taken.has(id))}
            onLetGo={() => setTaken(new Set())}
          />
          {model && (
            <Findings images={shown} found={points} labels={model.labels} version={version} />
          )}
        </>
      )}
    </>
  )
}
