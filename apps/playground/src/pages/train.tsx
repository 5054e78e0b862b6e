// Train: pictures, settings, and the run as it goes.
import { useEffect, useState } from 'preact/hooks'
import { Augmented } from '../components/augmented.tsx'
import { Message } from '../components/message.tsx'
import { NumberField } from '../components/number-field.tsx'
import { OwnPictures } from '../components/own-pictures.tsx'
import { RunView } from '../components/run-view.tsx'
import type { Pixels } from '../engine/protocol.ts'
import { rates, type Start, starts, type TrainingSettings } from '../engine/training-protocol.ts'
import { useInAddress } from '../in-address.ts'
import { messageOf, session } from '../session.ts'
import { useStore } from '../store.ts'
import { t } from '../text/text.ts'
import { fieldsOf, settingsOf } from '../train-address.ts'
import {
  chooseSource,
  settings as chosenSettings,
  previewAugmentation,
  restore,
  resumeRun,
  run,
  startRun,
  stopRun,
} from '../training.ts'
import { InFrames } from '../turns.ts'

export function TrainPage() {
  const { status, resumable, problem, warning, preparing, finished, saved } = useStore(run)
  const { source, choice } = useStore(session)
  const settings = useStore(chosenSettings)
  const [preview, setPreview] = useState<Pixels[]>([])
  const [previewProblem, setPreviewProblem] = useState('')
  const change = (fields: Partial<TrainingSettings>) => chosenSettings.patch(fields)
  const [asked, setAsked] = useState(false)
  const idle = status === 'idle'
  const start = () => {
    setAsked(false)
    void startRun({ settings, base: source, backend: choice })
  }
  const [isRestored, setRestored] = useState(false)
  useEffect(() => void restore().then(() => setRestored(true)), [])
  useInAddress('train', fieldsOf(settings), (fields) => change(settingsOf(fields)), isRestored)
  const showPreview = () => {
    setPreviewProblem('')
    previewAugmentation().then(setPreview, (error) => setPreviewProblem(messageOf(error)))
  }
  // What is chosen before would be undone.
  if (!isRestored) return null
  return (
    <InFrames>
      <section aria-label={t('train.pictures')}>
        <h2>{t('train.picturesTitle')}</h2>
        <fieldset class="row">
          <legend class="hidden">{t('train.which')}</legend>
          <label>
            <input
              type="radio"
              name="source"
              checked={settings.source === 'shapes'}
              onChange={() => chooseSource('shapes')}
            />
            {t('train.shapes')}
          </label>
          <label>
            <input
              type="radio"
              name="source"
              checked={settings.source === 'own'}
              onChange={() => chooseSource('own')}
            />
            {t('train.own')}
          </label>
        </fieldset>
        {settings.source === 'shapes' ? (
          <div class="single">
            <NumberField
              label={t('train.toDraw')}
              value={settings.pictures}
              min={100}
              max={50000}
              step={100}
              onChange={(pictures) => change({ pictures })}
            />
          </div>
        ) : (
          <OwnPictures />
        )}
      </section>
      <section aria-label={t('train.settings')}>
        <h2>{t('train.settingsTitle')}</h2>
        <div class="fields">
          <label>
            {t('train.begin')}
            <select
              value={settings.start}
              onChange={(event) => {
                const start = event.currentTarget.value as Start
                change({ start, learningRate: rates[start] })
              }}
            >
              {starts.map((name) => (
                <option key={name} value={name}>
                  {t(`train.${name}`)}
                </option>
              ))}
            </select>
          </label>
          <NumberField
            label={t('train.epochs')}
            value={settings.epochs}
            min={1}
            max={500}
            step={1}
            onChange={(epochs) => change({ epochs })}
          />
          <NumberField
            label={t('train.batch')}
            value={settings.batchSize}
            min={1}
            max={512}
            step={1}
            onChange={(batchSize) => change({ batchSize })}
          />
          <NumberField
            label={t('train.rate')}
            value={settings.learningRate}
            min={0.00001}
            max={1}
            step="any"
            onChange={(learningRate) => change({ learningRate })}
          />
        </div>
        <div class="row">
          <label>
            <input
              type="checkbox"
              role="switch"
              checked={settings.augment}
              aria-checked={settings.augment}
              onChange={(event) => change({ augment: event.currentTarget.checked })}
            />
            {t('train.augment')}
          </label>
          <button type="button" class="outline" onClick={showPreview}>
            {t('train.preview')}
          </button>
        </div>
        {previewProblem && <Message kind="problem">{previewProblem}</Message>}
        {preview.length > 0 && <Augmented pictures={preview} />}
      </section>
      <section aria-label={t('train.run')}>
        <h2>{t('train.runTitle')}</h2>
        <div class="row">
          <button
            type="button"
            disabled={!idle}
            onClick={() => (resumable || finished ? setAsked(true) : start())}
          >
            {t('train.start')}
          </button>
          <button
            type="button"
            class="secondary"
            disabled={status !== 'running'}
            onClick={() => void stopRun()}
          >
            {t(status === 'stopping' ? 'train.stopping' : 'page.stop')}
          </button>
          <button
            type="button"
            class="secondary"
            disabled={!idle || !resumable}
            onClick={() => void resumeRun(choice)}
          >
            {t('train.resume')}
          </button>
        </div>
        {asked && idle && (
          <div class="row">
            <Message kind="busy">
              {finished
                ? t('train.replacesDone')
                : saved === undefined
                  ? t('train.replaces')
                  : t('train.replacesKept', { step: saved })}
            </Message>
            <button type="button" onClick={start}>
              {t('train.startAnew')}
            </button>
            <button type="button" class="secondary" onClick={() => setAsked(false)}>
              {t('train.leave')}
            </button>
          </div>
        )}
        {status === 'starting' && (
          <Message kind="busy">
            {preparing ? t('train.preparing', preparing) : t('session.starting')}
          </Message>
        )}
        {problem && <Message kind="problem">{problem}</Message>}
        {warning && <Message kind="problem">{warning}</Message>}
        <RunView />
      </section>
    </InFrames>
  )
}
