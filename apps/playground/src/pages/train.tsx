// Train: pictures, settings, and the run as it goes.
import { useEffect, useState } from 'preact/hooks'
import { Message } from '../components/message.tsx'
import { OwnPictures } from '../components/own-pictures.tsx'
import { PixelView } from '../components/pixels.tsx'
import { RunView } from '../components/run-view.tsx'
import type { Pixels } from '../engine/protocol.ts'
import { rates, type Start, starts, type TrainingSettings } from '../engine/training-protocol.ts'
import { messageOf, session } from '../session.ts'
import { useStore } from '../store.ts'
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
  useEffect(() => void restore(), [])
  const showPreview = () => {
    setPreviewProblem('')
    previewAugmentation().then(setPreview, (error) => setPreviewProblem(messageOf(error)))
  }
  return (
    <>
      <section aria-label="Pictures">
        <h2>1. Pictures</h2>
        <fieldset class="row">
          <legend class="hidden">Which pictures</legend>
          <label>
            <input
              type="radio"
              name="source"
              checked={settings.source === 'shapes'}
              onChange={() => chooseSource('shapes')}
            />
            Ten drawn shapes
          </label>
          <label>
            <input
              type="radio"
              name="source"
              checked={settings.source === 'own'}
              onChange={() => chooseSource('own')}
            />
            Your own classes
          </label>
        </fieldset>
        {settings.source === 'shapes' ? (
          <div class="single">
            <NumberField
              label="Pictures to draw"
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
      <section aria-label="Settings">
        <h2>2. How to train</h2>
        <div class="fields">
          <label>
            Begin with
            <select
              value={settings.start}
              onChange={(event) => {
                const start = event.currentTarget.value as Start
                change({ start, learningRate: rates[start] })
              }}
            >
              {Object.entries(starts).map(([name, about]) => (
                <option key={name} value={name}>
                  {about}
                </option>
              ))}
            </select>
          </label>
          <NumberField
            label="Epochs"
            value={settings.epochs}
            min={1}
            max={500}
            step={1}
            onChange={(epochs) => change({ epochs })}
          />
          <NumberField
            label="Pictures a step"
            value={settings.batchSize}
            min={1}
            max={512}
            step={1}
            onChange={(batchSize) => change({ batchSize })}
          />
          <NumberField
            label="Learning rate (peak)"
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
            Augment: random crops and mirror images
          </label>
          <button type="button" class="outline" onClick={showPreview}>
            Show what that does
          </button>
        </div>
        {previewProblem && <Message kind="problem">{previewProblem}</Message>}
        {preview.length > 0 && (
          <div class="strip">
            {preview.map((pixels, index) => (
              <PixelView
                key={index}
                pixels={pixels}
                class="tile"
                alt={`The same picture, augmented: ${index + 1}`}
              />
            ))}
          </div>
        )}
      </section>
      <section aria-label="Run">
        <h2>3. The run</h2>
        <div class="row">
          <button
            type="button"
            disabled={!idle}
            onClick={() => (resumable || finished ? setAsked(true) : start())}
          >
            Start
          </button>
          <button
            type="button"
            class="secondary"
            disabled={status !== 'running'}
            onClick={() => void stopRun()}
          >
            {status === 'stopping' ? 'Stopping …' : 'Stop'}
          </button>
          <button
            type="button"
            class="secondary"
            disabled={!idle || !resumable}
            onClick={() => void resumeRun(choice)}
          >
            Resume
          </button>
        </div>
        {asked && idle && (
          <div class="row">
            <Message kind="busy">
              {finished
                ? 'A new run takes the place of the classifier below: save it first, if it is to be kept.'
                : `A new run takes the place of the one that stopped${saved === undefined ? '' : `, kept up to step ${saved}`}.`}
            </Message>
            <button type="button" onClick={start}>
              Start anew
            </button>
            <button type="button" class="secondary" onClick={() => setAsked(false)}>
              Leave it
            </button>
          </div>
        )}
        {status === 'starting' && (
          <Message kind="busy">
            {preparing
              ? `Preparing pictures: ${preparing.done} of ${preparing.total} …`
              : 'Starting …'}
          </Message>
        )}
        {problem && <Message kind="problem">{problem}</Message>}
        {warning && <Message kind="problem">{warning}</Message>}
        <RunView />
      </section>
    </>
  )
}

function NumberField(props: {
  label: string
  value: number
  min: number
  max: number
  step: number | 'any'
  onChange: (value: number) => void
}) {
  const { label, value, min, max, step, onChange } = props
  return (
    <label>
      {label}
      <input
        type="number"
        min={min}
        max={max}
        step={step}
        value={value}
        onChange={(event) => {
          const { valueAsNumber } = event.currentTarget
          const isFine = valueAsNumber >= min && valueAsNumber <= max
          if (isFine) onChange(step === 'any' ? valueAsNumber : Math.round(valueAsNumber))
          else event.currentTarget.value = `${value}`
        }}
      />
    </label>
  )
}
