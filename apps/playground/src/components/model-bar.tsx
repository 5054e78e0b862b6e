// The model and the backend at work, and how to take others.
import { useId, useRef } from 'preact/hooks'
import { bundledModels, bundledTitles } from '../engine/bundled.ts'
import {
  type BackendChoice,
  backendNames,
  backendTitles,
  type ModelSource,
} from '../engine/protocol.ts'
import { offered } from '../offered.ts'
import { cancelLoading, chooseModel, type Loading, session, start } from '../session.ts'
import { useStore } from '../store.ts'
import { Message } from './message.tsx'

const choices: Record<BackendChoice, string> = { auto: 'Fastest that works', ...backendTitles }

export function ModelBar() {
  const { status, message, model, backend, choice, source, loading } = useStore(session)
  const own = useStore(offered)
  const id = useId()
  const file = useRef<HTMLInputElement>(null)
  const busy = status === 'starting' || loading !== undefined
  const take = (value: string) => {
    const record = own.find(({ name }) => name === value)
    if (value === 'file') file.current?.click()
    else if (value === 'imagenet') void chooseModel({ kind: 'download', name: value })
    else if (record) void chooseModel({ kind: 'download', name: value, record })
    else void chooseModel({ kind: 'bundled', name: value })
  }
  return (
    <section class="model-bar" aria-label="Model and backend">
      <div class="fields">
        <label htmlFor={`${id}-model`}>
          Model
          <select
            id={`${id}-model`}
            disabled={busy}
            value={optionOf(source)}
            onChange={(event) => {
              const { value } = event.currentTarget
              // The choice stands when the model is there.
              event.currentTarget.value = optionOf(source)
              take(value)
            }}
          >
            {bundledModels.map(({ name }) => (
              <option key={name} value={name}>
                {bundledTitles[name] ?? name}
              </option>
            ))}
            <option value="imagenet">ImageNet: torchvision's AlexNet (244 MB)</option>
            {own.map(({ name, description, bytes }) => (
              <option key={name} value={name}>
                {description} ({Math.ceil(bytes / 1e6)} MB)
              </option>
            ))}
            {source.kind === 'files' && <option value="own">{source.files[0]!.name}</option>}
            <option value="file">From a file …</option>
          </select>
        </label>
        <label htmlFor={`${id}-backend`}>
          Backend
          <select
            id={`${id}-backend`}
            disabled={busy}
            value={choice}
            onChange={(event) => void start(event.currentTarget.value as BackendChoice, source)}
          >
            {(['auto', ...backendNames] as const).map((name) => (
              <option key={name} value={name}>
                {choices[name]}
              </option>
            ))}
          </select>
        </label>
      </div>
      <input
        ref={file}
        type="file"
        multiple
        hidden
        data-testid="weights-file"
        aria-label="Weight files"
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
      {model && backend && status === 'ready' && (
        <p class="quiet" data-testid="status">
          {model.description}: {model.labels.length} classes,{' '}
          {model.parameters.toLocaleString('en')} parameters, {model.inputSize}×{model.inputSize}{' '}
          pixels. Runs on <strong>{backend.name.replace('alexnet-', '')}</strong> ({backend.device}
          ).
        </p>
      )}
    </section>
  )
}

/** How far a model is that has to come, and how not to wait for it. */
function OnItsWay({ loading: { received, total } }: { loading: Loading }) {
  const megabytes = (bytes: number) => Math.round(bytes / 1e6)
  return (
    <div class="row">
      <Message kind="busy">
        {received === undefined || total === undefined
          ? 'Loading the model …'
          : `Downloading the model: ${megabytes(received)} of ${megabytes(total)} MB`}
      </Message>
      <progress class="short" value={received} max={total} aria-label="Progress of the download" />
      <button type="button" class="secondary" onClick={cancelLoading}>
        Cancel
      </button>
    </div>
  )
}

function optionOf(source: ModelSource): string {
  return source.kind === 'files' ? 'own' : source.name
}
