// What the whole page shares: the worker that classifies, its backend and model, and the pictures at hand.
import { proxy, transfer } from 'comlink'
import { asked } from './address.ts'
import { type Client, startWorker } from './client.ts'
import { bundledModels } from './engine/bundled.ts'
import type {
  BackendChoice,
  BackendInfo,
  ModelInfo,
  ModelSource,
  PageImage,
} from './engine/protocol.ts'
import { Store } from './store.ts'
import { t } from './text/text.ts'

export interface Session {
  status: 'starting' | 'ready' | 'failed'
  /** What is going on, or what went wrong and what to do. */
  message: string
  backend?: BackendInfo
  model?: ModelInfo
  /** Another model that is on its way; the one there is goes on working. */
  loading?: Loading
  source: ModelSource
  choice: BackendChoice
  /** Goes up when answers given so far no longer hold: another model or backend. */
  version: number
}

/** Bytes of a model's file, once the server has said how many there are. */
export interface Loading {
  received?: number
  total?: number
}

export const session = new Store<Session>({
  status: 'starting',
  message: t('session.starting'),
  source: { kind: 'bundled', name: '' },
  choice: 'auto',
  version: 0,
})

export const images = new Store<PageImage[]>([])
/** How many pictures the last ones given have pushed out. */
export const dropped = new Store(0)
/** Whether pictures to classify are seen by ten views. */
export const isTenView = new Store(false)
/** Id of the picture that is looked at. */
export const selected = new Store<string | undefined>(undefined)

let client: Client<'engine'> | undefined

/** The worker's engine. @throws Error where it could not be started */
export function engine(): Client<'engine'>['job'] {
  if (client) return client.job
  throw new Error('the worker is not running: reload the page')
}

/** Starts a worker on a backend, with the model there is; where that fails, on the backend before. */
export async function start(choice: BackendChoice, source: ModelSource): Promise<void> {
  const before = session.value
  client?.stop()
  session.patch({
    status: 'starting',
    message: t('session.backend'),
    choice,
    loading: undefined,
  })
  const own = startWorker('engine', (reason) => fail(t('session.stopped', { reason })))
  client = own
  // The model's file comes while the worker starts: neither waits for the other.
  const file = fileOf(source)
  try {
    const lost = proxy((reason: string) => {
      if (client !== own) return
      fail(t('session.lost', { reason }))
    })
    const backend = await own.job.start(choice, lost)
    if (client !== own) return
    session.patch({ backend, message: t('session.model') })
    await take(own, source, await file)
  } catch (error) {
    if (client !== own) return
    const message = messageOf(error)
    if (before.status !== 'ready' || before.choice === choice) return fail(message)
    await start(before.choice, before.source)
    if (session.value.status === 'ready') session.patch({ message })
  }
}

/** Takes another model. The one there is works until this one is there, and stays if it cannot be loaded. */
export async function chooseModel(source: ModelSource): Promise<void> {
  const own = client
  if (!own || session.value.loading) return
  const { model } = session.value
  session.patch(
    model
      ? { message: '', loading: {} }
      : { status: 'starting', message: t('session.model'), loading: {} },
  )
  try {
    await take(own, source)
  } catch (error) {
    if (client !== own) return
    session.patch({ loading: undefined })
    if (!model) fail(messageOf(error))
    else if (isCancelled) session.patch({ message: '' })
    else {
      session.patch({ message: t('session.kept', { problem: messageOf(error), name: model.name }) })
    }
  } finally {
    isCancelled = false
  }
}

let isCancelled = false

/** Gives up the model that is on its way; what has come of it is kept for the next time. */
export function cancelLoading(): void {
  isCancelled = true
  void client?.job.cancelLoading()
}

/** The file of a model that comes with the page; undefined for others, and where it cannot be fetched. */
async function fileOf(source: ModelSource): Promise<Uint8Array | undefined> {
  if (source.kind !== 'bundled') return undefined
  const record = bundledModels.find(({ name }) => name === source.name)
  // The worker tries again, and says what is wrong.
  return record?.load().catch(() => undefined)
}

async function take(
  from: Client<'engine'>,
  source: ModelSource,
  bytes?: Uint8Array,
): Promise<void> {
  const onProgress = proxy((done: number, total: number) => {
    session.patch({ loading: { received: done, total } })
  })
  const asked = bytes ? transfer({ ...source, bytes }, [bytes.buffer as ArrayBuffer]) : source
  const model = await from.job.loadModel(asked as ModelSource, onProgress)
  const { version } = session.value
  session.patch({
    status: 'ready',
    message: '',
    loading: undefined,
    model,
    source,
    version: version + 1,
  })
}

function fail(message: string): void {
  session.patch({ status: 'failed', message })
}

export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  // A sentence begins with a capital, a file's name as it is.
  return /^[a-z]+[ ,:]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text
}

/** Pictures that the page keeps: each has its thumbnail and its bars. */
export const MOST_IMAGES = 500

let count = 0

/** Puts pictures before those there are, and looks at the first of them; the last of too many are dropped. */
export function addImages(files: readonly Omit<PageImage, 'id'>[]): void {
  const added = files.map((file) => ({ ...file, id: `image-${++count}` }))
  if (added.length === 0) return
  const all = [...added, ...images.value]
  images.set(all.slice(0, MOST_IMAGES))
  dropped.set(Math.max(0, all.length - MOST_IMAGES))
  selected.set(added[0]!.id)
}

/** Adds pictures to begin with: none if others are there by the time they come. */
export async function addWhereNone(
  files: Promise<readonly Omit<PageImage, 'id'>[]>,
): Promise<void> {
  const found = await files
  // One that the address asks for comes by itself.
  if (images.value.length === 0 && !asked.value.picture) addImages(found)
}
