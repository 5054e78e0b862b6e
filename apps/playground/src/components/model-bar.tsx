// The model and the backend at work, and how to take others.
import { useId, useRef } from 'preact/hooks'
import { bundledNames } from '../engine/bundled.ts'
import {
  type BackendChoice,
  backendNames,
  type ModelSource,
  type OfferedModel,
} from '../engine/protocol.ts'
import { offered } from '../offered.ts'
import { cancelLoading, chooseModel, type Loading, session, start } from '../session.ts'
import { useStore } from '../store.ts'
import { t } from '../text/text.ts'
import { Message } from './message.tsx'

/** Screens on which the bar is one line until it is opened. */
const NARROW = '(max-width: 40rem)'

export function ModelBar() {
  const { status, message, model, backend, choice, source, loading } = useStore(session)
  const own = useStore(offered)
  const id = useId()
  const file = useRef<HTMLInputElement>(null)
  const value = optionOf(source)
  const real = own.find(({ name }) => name === 'imagenet')
  const busy = status === 'starting' || loading !== undefined
  const take = (value: string) => {
    const record = own.find(({ name }) => name === value)
    if (value === 'file') file.current?.click()
    else if (record) void chooseModel({ kind: 'download', name: value, record })
    else if (value === 'imagenet') void chooseModel({ kind: 'download', name: value })
    else void chooseModel({ kind: 'bundled', name: value })
  }
  return (
    <details class="model-bar" open={!matchMedia(NARROW).matches}>
      <summary>
        {t('bar.label')}
        {model && `: ${model.name}`}
        {backend && ` · ${backend.name.replace('alexnet-', '')}`}
      </summary>
      <div class="fields">
        <label htmlFor={`${id}-model`}>
          {t('bar.model')}
          <select
            id={`${id}-model`}
            disabled={busy}
            value={value}
            onChange={(event) => {
              const chosen = event.currentTarget.value
              // The choice stands when the model is there.
              event.currentTarget.value = optionOf(source)
              take(chosen)
            }}
          >
            {bundledNames.map((name) => (
              <option key={name} value={name}>
                {t(`models.${name}`)}
              </option>
            ))}
            {!real && <option value="imagenet">{t('bar.imagenet')}</option>}
            {own.map((record) => (
              <option key={record.name} value={record.name}>
                {titleOf(record)}
              </option>
            ))}
            {source.kind === 'files' && <option value="own">{source.files[0]!.name}</option>}
            <option value="file">{t('bar.file')}</option>
          </select>
        </label>
        <label htmlFor={`${id}-backend`}>
          {t('bar.backend')}
          <select
            id={`${id}-backend`}
            disabled={busy}
            value={choice}
            onChange={(event) => void start(event.currentTarget.value as BackendChoice, source)}
          >
            {(['auto', ...backendNames] as const).map((name) => (
              <option key={name} value={name}>
                {t(`backend.${name}`)}
              </option>
            ))}
          </select>
        </label>
      </div>
      {real && value !== 'imagenet' && (
        <div class="row">
          <button type="button" class="outline" disabled={busy} onClick={() => take('imagenet')}>
            {t('real.take', { title: titleOf(real) })}
          </button>
        </div>
      )}
      <input
        ref={file}
        type="file"
        multiple
        hidden
        data-testid="weights-file"
        aria-label={t('bar.files')}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])]
          event.currentTarget.value = ''
          if (files.length > 0) void chooseModel({ kind: 'files', files })
        }}
      />
      {message && (
        <Message kind={status === 'failed' || status === 'ready' ? 'problem' : 'busy'}>
          {message}
        </Message>
      )}
      {loading && model && <OnItsWay loading={loading} />}
      <Status />
    </details>
  )
}

/** What is at work, in a line. */
export function Status() {
  const { status, model, backend, source } = useStore(session)
  if (!model || !backend || status !== 'ready') return null
  const bundled = bundledNames.find((name) => source.kind === 'bundled' && name === source.name)
  return (
    <p class="quiet" data-testid="status">
      {t('bar.status', {
        description: bundled ? t(`about.${bundled}`) : model.description,
        classes: model.labels.length,
        parameters: model.parameters,
        size: model.inputSize,
        backend: backend.name.replace('alexnet-', ''),
        device: backend.device,
      })}
    </p>
  )
}

/** How far a model is that has to come, and how not to wait for it. */
function OnItsWay({ loading: { received, total } }: { loading: Loading }) {
  const megabytes = (bytes: number) => Math.round(bytes / 1e6)
  return (
    <div class="row">
      <Message kind="busy">
        {received === undefined || total === undefined
          ? t('session.model')
          : t('bar.downloading', { received: megabytes(received), total: megabytes(total) })}
      </Message>
      <progress class="short" value={received} max={total} aria-label={t('bar.downloadProgress')} />
      <button type="button" class="secondary" onClick={cancelLoading}>
        {t('bar.cancel')}
      </button>
    </div>
  )
}

/** An offered model, with its size where that is known. */
const titleOf = ({ description, bytes }: OfferedModel) =>
  bytes === undefined ? description : `${description} (${Math.ceil(bytes / 1e6)} MB)`

function optionOf(source: ModelSource): string {
  return source.kind === 'files' ? 'own' : source.name
}
