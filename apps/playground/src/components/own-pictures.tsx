// The user's own classes and their pictures, kept in the browser.
import { useRef, useState } from 'preact/hooks'
import { picturesOf, zipDataset } from '../data-set-file.ts'
import type { OwnDataset } from '../engine/training-protocol.ts'
import { engine, messageOf } from '../session.ts'
import { useStore } from '../store.ts'
import { t } from '../text/text.ts'
import { dataset, keepDataset } from '../training.ts'
import { download } from './download.ts'
import { Message } from './message.tsx'
import { PictureSource } from './picture-source.tsx'
import { Thumbnail } from './thumbnail.tsx'

let count = 0
/** Preact's types do not know the attribute by which an input takes folders. */
const foldersOnly = { webkitdirectory: true }

const newId = () => `${Date.now().toString(36)}-${++count}`

/** Thumbnails of a class that are shown until all are asked for. */
const FEW = 12

export function OwnPictures() {
  const own = useStore(dataset)
  const [name, setName] = useState('')
  const [problem, setProblem] = useState('')
  const [progress, setProgress] = useState('')
  const [removed, setRemoved] = useState<{ what: string; before: OwnDataset }>()
  const [opened, setOpened] = useState<readonly string[]>([])
  const folder = useRef<HTMLInputElement>(null)
  const zip = useRef<HTMLInputElement>(null)
  const keep = (next: OwnDataset) => {
    setProblem('')
    setRemoved(undefined)
    keepDataset(next).catch((error) => setProblem(messageOf(error)))
  }
  const remove = (what: string, next: OwnDataset) => {
    keep(next)
    setRemoved({ what, before: own })
  }
  const add = async (found: readonly { label: string; name: string; blob: Blob }[]) => {
    const small: Blob[] = []
    for (const one of found) {
      setProgress(t('own.taking', { done: small.length, total: found.length }))
      small.push(await shrunk(one))
    }
    setProgress('')
    // Others may have come meanwhile.
    const { classes, pictures } = dataset.value
    const all = [...new Set([...classes, ...found.map(({ label }) => label)])]
    const added = found.map(({ label, name }, index) => ({
      id: newId(),
      name,
      blob: small[index]!,
      label: all.indexOf(label),
    }))
    keep({ classes: all, pictures: [...pictures, ...added] })
  }
  const addClass = (event: Event) => {
    event.preventDefault()
    const text = name.trim()
    if (!text) return
    if (own.classes.includes(text)) return setProblem(t('own.exists', { name: text }))
    keep({ ...own, classes: [...own.classes, text] })
    setName('')
  }
  const addFiles = async (input: HTMLInputElement) => {
    const files = [...(input.files ?? [])]
    input.value = ''
    try {
      await add(await picturesOf(files))
    } catch (error) {
      setProblem(messageOf(error))
    }
  }
  const removeClass = (label: number) =>
    remove(t('own.theClass', { name: own.classes[label]! }), {
      classes: own.classes.filter((_, index) => index !== label),
      pictures: own.pictures
        .filter((picture) => picture.label !== label)
        .map((picture) => ({
          ...picture,
          label: picture.label > label ? picture.label - 1 : picture.label,
        })),
    })
  return (
    <>
      <form class="row" onSubmit={addClass}>
        <label class="inline">
          <span class="hidden">{t('own.name')}</span>
          <input
            type="text"
            placeholder={t('own.placeholder')}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <button type="submit">{t('own.add')}</button>
        <button type="button" class="secondary" onClick={() => folder.current?.click()}>
          {t('own.folder')}
        </button>
        <button type="button" class="secondary" onClick={() => zip.current?.click()}>
          {t('own.zip')}
        </button>
        {own.pictures.length > 0 && (
          <button
            type="button"
            class="outline"
            onClick={() => void zipDataset(own).then((blob) => download('pictures.zip', blob))}
          >
            {t('own.save')}
          </button>
        )}
      </form>
      <input
        ref={folder}
        type="file"
        hidden
        multiple
        aria-label={t('own.folder')}
        {...foldersOnly}
        onChange={(event) => void addFiles(event.currentTarget)}
      />
      <input
        ref={zip}
        type="file"
        hidden
        accept=".zip"
        aria-label={t('own.zipLabel')}
        data-testid="data-set-zip"
        onChange={(event) => void addFiles(event.currentTarget)}
      />
      {progress && <Message kind="busy">{progress}</Message>}
      {problem && <Message kind="problem">{problem}</Message>}
      {removed && (
        <div class="row">
          <Message kind="busy">{t('own.removed', { what: removed.what })}</Message>
          <button type="button" class="secondary" onClick={() => keep(removed.before)}>
            {t('own.undo')}
          </button>
        </div>
      )}
      <ul class="classes">
        {own.classes.map((label, index) => {
          const pictures = own.pictures.filter((picture) => picture.label === index)
          const shown = opened.includes(label) ? pictures : pictures.slice(-FEW)
          return (
            <li key={label} class="card">
              <div class="grow">
                <h3>
                  {label} <small>{t('own.pictures', { count: pictures.length })}</small>
                </h3>
                <PictureSource
                  takes="many"
                  label={label}
                  onPictures={(given) => void add(given.map((one) => ({ ...one, label })))}
                >
                  <button
                    type="button"
                    class="outline secondary"
                    aria-label={t('own.removeClass', { name: label })}
                    onClick={() => removeClass(index)}
                  >
                    {t('own.remove')}
                  </button>
                </PictureSource>
                <div class="strip">
                  {shown.map(({ id, blob, name: file }) => (
                    <button
                      key={id}
                      type="button"
                      class="plain"
                      title={t('own.removeThis')}
                      aria-label={t('own.removeFrom', { file, name: label })}
                      onClick={() =>
                        remove(t('own.from', { file, name: label }), {
                          ...own,
                          pictures: own.pictures.filter((one) => one.id !== id),
                        })
                      }
                    >
                      <Thumbnail blob={blob} alt="" />
                    </button>
                  ))}
                  {shown.length < pictures.length && (
                    <button
                      type="button"
                      class="outline secondary"
                      onClick={() => setOpened([...opened, label])}
                    >
                      {t('own.more', { count: pictures.length - shown.length })}
                    </button>
                  )}
                </div>
              </div>
            </li>
          )
        })}
      </ul>
    </>
  )
}

/** The picture as training uses it; one that cannot be read is told of when it is trained on. */
async function shrunk(picture: { blob: Blob; name: string }): Promise<Blob> {
  try {
    return await engine().shrink(picture)
  } catch {
    return picture.blob
  }
}
