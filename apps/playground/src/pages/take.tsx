// Take it away: the model at work as a page of its own, as a file, as programs; and the pictures that it was trained on.

import { useEffect, useState } from 'preact/hooks'
import { CodeBlock } from '../components/code-block.tsx'
import { download } from '../components/download.ts'
import { Message } from '../components/message.tsx'
import { zipDataset } from '../data-set-file.ts'
import { engine, messageOf, session } from '../session.ts'
import { useStore } from '../store.ts'
import { codeForNode, codeForPage } from '../take-away/code.ts'
import html from '../take-away/index.html?raw'
import script from '../take-away/main.tsx?classic'
import { type TakenWeights, takenWeights } from '../take-away/taken.ts'
import { number, t } from '../text/text.ts'
import { dataset, restore } from '../training.ts'
import { InFrames } from '../turns.ts'

/** Bytes of a weight. */
const sizes: Record<TakenWeights, number> = { float32: 4, float16: 2, int8: 1 }
/** Bytes of weights that a page may hold as text: engines bound the length of texts. */
const MOST_IN_PAGE = 130e6

export function TakePage() {
  const { status, model, version } = useStore(session)
  const own = useStore(dataset)
  const [title, setTitle] = useState('')
  const [chosen, setChosen] = useState<TakenWeights>()
  const [busy, setBusy] = useState('')
  const [done, setDone] = useState('')
  const [problem, setProblem] = useState('')
  useEffect(() => void restore(), [])
  useEffect(() => {
    setChosen(undefined)
    setDone('')
    setProblem('')
  }, [version])
  if (!model || status !== 'ready') return null
  const called = title.trim() || t('take:defaultTitle')
  const stem = stemOf(called)
  const file = `${stem}.safetensors`
  const weights = chosen ?? suited(model)
  const bytes = (of: TakenWeights) => sizes[of] * model.parameters
  const about = (name: TakenWeights) => t(`take:${name}`, { size: megabytes(bytes(name)) })
  const make = async (name: string, work: () => Promise<Blob>) => {
    setProblem('')
    setDone('')
    setBusy(t('take:making', { name }))
    try {
      const blob = await work()
      download(name, blob)
      setDone(t('take:made', { name, size: megabytes(blob.size) }))
    } catch (error) {
      setProblem(messageOf(error))
    } finally {
      setBusy('')
    }
  }
  const savePage = () =>
    make(`${stem}.zip`, () =>
      engine().pageZip({
        title: called,
        file,
        html,
        script: new URL(script, location.href).href,
        weights,
      }),
    )
  const saveWeights = () => make(file, () => engine().weightsFile(weights))
  const isTooLarge = bytes(weights) > MOST_IN_PAGE
  return (
    <InFrames>
      <p>{t('take:about')}</p>
      <div class="fields">
        <label>
          {t('take:title')}
          <input
            type="text"
            maxLength={60}
            value={title}
            placeholder={t('take:defaultTitle')}
            onInput={(event) => setTitle(event.currentTarget.value)}
          />
        </label>
        <label>
          {t('take:weights')}
          <select
            value={weights}
            onChange={(event) => setChosen(event.currentTarget.value as TakenWeights)}
          >
            {takenWeights.map((name) => (
              <option key={name} value={name}>
                {name === (model.isInt8 ? 'int8' : 'float32')
                  ? t('take:same', { weights: about(name) })
                  : about(name)}
              </option>
            ))}
          </select>
        </label>
      </div>
      {busy && <Message kind="busy">{busy}</Message>}
      {done && <Message kind="busy">{done}</Message>}
      {problem && <Message kind="problem">{problem}</Message>}
      <section aria-label={t('take:page')}>
        <h2>{t('take:page')}</h2>
        <p>{t('take:pageAbout')}</p>
        <div class="row">
          <button
            type="button"
            disabled={busy !== '' || isTooLarge}
            onClick={() => void savePage()}
          >
            {t('take:savePage')}
          </button>
          <span class="quiet">
            {isTooLarge ? t('take:tooLarge') : t('take:size', { size: megabytes(bytes(weights)) })}
          </span>
        </div>
      </section>
      <section aria-label={t('take:file')}>
        <h2>{t('take:file')}</h2>
        <p>{t('take:fileAbout')}</p>
        <button
          type="button"
          class="outline"
          disabled={busy !== ''}
          onClick={() => void saveWeights()}
        >
          {t('take:saveFile')}
        </button>
      </section>
      <section aria-label={t('take:code')}>
        <h2>{t('take:code')}</h2>
        <p>{t('take:codeAbout')}</p>
        <div class="columns">
          <CodeBlock title={t('take:forNode')} code={codeForNode(file)} />
          <CodeBlock title={t('take:forPage')} code={codeForPage(file)} />
        </div>
      </section>
      {own.pictures.length > 0 && (
        <section aria-label={t('take:data')}>
          <h2>{t('take:data')}</h2>
          <p>{t('take:dataAbout', { count: own.pictures.length })}</p>
          <button
            type="button"
            class="outline"
            disabled={busy !== ''}
            onClick={() => void make('pictures.zip', () => zipDataset(own))}
          >
            {t('own.save')}
          </button>
        </section>
      )}
    </InFrames>
  )
}

/** The numbers that give the very answers of the page, where a page can hold them. */
function suited({ isInt8, parameters }: { isInt8: boolean; parameters: number }): TakenWeights {
  return isInt8 || sizes.float32 * parameters > MOST_IN_PAGE ? 'int8' : 'float32'
}

const megabytes = (bytes: number) =>
  number(bytes / 1e6, { maximumFractionDigits: bytes < 1e7 ? 1 : 0 })

/** A title as the name of a file. */
const stemOf = (title: string) =>
  title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-|-$/g, '') || 'classifier'
