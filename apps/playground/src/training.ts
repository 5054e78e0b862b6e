// The page's side of training: the run, its worker, and the user's own labelled pictures. Outside of the
// components, so that a run goes on while another page is shown.
import { proxy } from 'comlink'
import { get, set } from 'idb-keyval'
import { type Client, startWorker } from './client.ts'
import type { BackendChoice, Prediction } from './engine/protocol.ts'
import {
  defaultSettings,
  type EpochReport,
  keys,
  type Mistake,
  type NewRun,
  type OwnDataset,
  type SavedRun,
  type StepReport,
  settingsForOwn,
  type TrainingReport,
  type TrainingSettings,
} from './engine/training-protocol.ts'
import { messageOf, session } from './session.ts'
import { Store } from './store.ts'
import { t } from './text/text.ts'

export interface RunState {
  status: 'idle' | 'starting' | 'running' | 'stopping'
  classes: string[]
  about: string
  /** Pictures decoded so far, before the first step. */
  preparing?: { done: number; total: number }
  steps: StepReport[]
  epochs: EpochReport[]
  mistakes: Mistake[]
  /** Step that the browser keeps. */
  saved?: number
  warning: string
  problem: string
  /** A run that can be resumed. */
  resumable: boolean
  finished: boolean
}

const empty: RunState = {
  status: 'idle',
  classes: [],
  about: '',
  steps: [],
  epochs: [],
  mistakes: [],
  warning: '',
  problem: '',
  resumable: false,
  finished: false,
}

export const run = new Store<RunState>(empty)
export const settings = new Store<TrainingSettings>(defaultSettings)
export const dataset = new Store<OwnDataset>({ classes: [], pictures: [] })

let client: Client<'training'> | undefined

/** The browser asks before it leaves a page whose run is ahead of what is kept. */
addEventListener('beforeunload', (event) => {
  const { status, saved, steps } = run.value
  if (status !== 'idle' && (steps.at(-1)?.step ?? 0) > (saved ?? 0)) event.preventDefault()
})

let restored: Promise<void> | undefined

/** Reads what the browser keeps, once. */
export function restore(): Promise<void> {
  restored ??= readKept()
  return restored
}

async function readKept(): Promise<void> {
  const [saved, own] = await Promise.all([
    get<SavedRun>(keys.run),
    get<OwnDataset>(keys.dataset),
  ]).catch(() => [undefined, undefined])
  if (own) dataset.set(own)
  if (saved && run.value.status === 'idle') {
    const { classes, steps, epochs, mistakes, finished } = saved
    const kept = steps.at(-1)?.step
    run.patch({ classes, steps, epochs, mistakes, finished, resumable: !finished })
    if (kept !== undefined) run.patch({ saved: kept })
    settings.set(saved.settings)
  }
}

/** Takes drawn shapes or the user's own pictures, with the settings that suit them. */
export function chooseSource(source: TrainingSettings['source']): void {
  if (source === settings.value.source) return
  const { start, epochs, learningRate, augment } = defaultSettings
  const suited =
    source === 'own' ? suitedToOwn(dataset.value) : { start, epochs, learningRate, augment }
  settings.patch({ source, ...suited })
}

const suitedToOwn = ({ pictures }: OwnDataset) => settingsForOwn(pictures.length, settings.value)

/** Replaces the user's pictures, and keeps them. @throws Error when the storage is full */
export async function keepDataset(own: OwnDataset): Promise<void> {
  const { source, epochs } = settings.value
  // The number of epochs follows that of the pictures, unless another was asked for.
  const follows = source === 'own' && epochs === suitedToOwn(dataset.value).epochs
  if (follows) settings.patch({ epochs: suitedToOwn(own).epochs })
  dataset.set(own)
  try {
    await set(keys.dataset, own)
  } catch (error) {
    const why = (error as Error).name === 'QuotaExceededError' ? t('train.full') : messageOf(error)
    throw new Error(t('train.notKept', { why }))
  }
}

export const startRun = (request: Omit<NewRun, 'own'>) =>
  go(empty, (job, tell) => job.start({ ...request, own: dataset.value }, tell))

export const resumeRun = (backend: BackendChoice) => {
  const { steps, epochs, classes, mistakes } = run.value
  return go({ ...empty, steps, epochs, classes, mistakes }, (job, tell) =>
    job.resume(backend, dataset.value, tell),
  )
}

type Job = Client<'training'>['job']

async function go(
  state: RunState,
  begin: (job: Job, tell: (report: TrainingReport) => void) => Promise<boolean>,
): Promise<void> {
  client?.stop()
  run.set({ ...state, status: 'starting' })
  const own = startWorker('training', (reason) => {
    if (client === own) end(t('train.stopped', { reason }))
  })
  client = own
  try {
    const finished = await begin(own.job, proxy(listen))
    if (client !== own) return
    run.patch({ status: 'idle', finished, resumable: !finished })
  } catch (error) {
    if (client === own) end(messageOf(error))
  }
}

/** Asks the run to end after the step under way. */
export async function stopRun(): Promise<void> {
  run.patch({ status: 'stopping' })
  await client?.job.stop()
}

function end(problem: string): void {
  const { saved } = run.value
  run.patch({ status: 'idle', problem, resumable: saved !== undefined })
}

let shownAt = 0
const waiting: StepReport[] = []

function listen(report: TrainingReport): void {
  switch (report.type) {
    case 'preparing':
      run.patch({ preparing: { done: report.done, total: report.total } })
      return
    case 'started': {
      const { classes, training, validation, device } = report
      const about = t(device ? 'train.aboutOn' : 'train.about', { training, validation, device })
      run.patch({ status: 'running', classes, about, preparing: undefined })
      return
    }
    case 'step':
      // A quick network makes more steps than a screen has frames.
      waiting.push(report)
      if (performance.now() - shownAt > 150) flush()
      return
    case 'epoch':
      flush()
      run.patch({ epochs: [...run.value.epochs, report] })
      return
    case 'mistakes':
      run.patch({ mistakes: report.mistakes })
      return
    case 'saved':
      flush()
      run.patch({ saved: report.step })
      return
    case 'warning':
      run.patch({ warning: report.message })
      return
    case 'lost':
      flush()
      client?.stop()
      client = undefined
      if (run.value.finished) return
      end(
        t(run.value.saved === undefined ? 'train.lostStart' : 'train.lostResume', {
          reason: report.reason,
        }),
      )
  }
}

function flush(): void {
  shownAt = performance.now()
  if (waiting.length > 0) run.patch({ steps: [...run.value.steps, ...waiting.splice(0)] })
}

/** The trained classifier as a file: of the run of this visit, or that the browser keeps. */
export async function trainedModel(): Promise<Blob> {
  const model = (await client?.job.model()) ?? (await get<SavedRun>(keys.run))?.model
  if (!model) throw new Error(t('train.noModel'))
  return model
}

/** What the trained classifier takes a picture for, the likeliest first. */
export async function tryOn(picture: { name: string; blob: Blob }): Promise<readonly Prediction[]> {
  // After a reload no worker has trained.
  client ??= startWorker('training', (reason) => end(t('train.stopped', { reason })))
  return client.job.classify(picture, session.value.choice)
}

/** What a training picture becomes. */
export async function previewAugmentation() {
  const own = startWorker('training', () => {})
  const { variant = 'cifar', inputSize = 32 } = session.value.model ?? {}
  try {
    return await own.job.preview(settings.value, { variant, inputSize }, dataset.value, 8)
  } finally {
    own.stop()
  }
}
