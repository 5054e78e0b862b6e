// The worker's side of training: a run on drawn or own pictures, told as reports, kept in the browser so
// that it goes on after a reload.
import { createAlexNet, exportWeights, getArchitecture, loadWeights } from '@alexnet/core'
import {
  cifarEval,
  cifarTrain,
  type Dataset,
  loader,
  type Picture,
  type Preset,
  type PresetOptions,
  shapes,
  split,
  torchvisionEval,
  torchvisionTrain,
} from '@alexnet/data'
import { Random, transformPicture } from '@alexnet/data/transforms'
import { type Model, type ModelDescription, openModel, toMetadata } from '@alexnet/model'
import { oneCycle, Sgd, Trainer } from '@alexnet/train'
import { encodeSafetensors, readCheckpoint } from '@alexnet/weights'
import type * as tf from '@tensorflow/tfjs'
import { get, set } from 'idb-keyval'
import { startBackend } from './backends.ts'
import { decode, reduced, toPixels } from './decode.ts'
import { inspect } from './mistakes.ts'
import { loadModel } from './models.ts'
import type { BackendChoice, Pixels } from './protocol.ts'
import {
  type EpochReport,
  keys,
  type Mistake,
  type NewRun,
  type OwnDataset,
  type SavedRun,
  type StepReport,
  type TrainingReport,
  type TrainingSettings,
} from './training-protocol.ts'

type Tell = (report: TrainingReport) => void

/** Milliseconds of training that a reload may lose, at most. */
const KEEP_EVERY = 10_000

/** Everything that a run works with. */
interface Run {
  settings: TrainingSettings
  description: ModelDescription
  model: tf.LayersModel
  trainer: Trainer
  optimizer: Sgd
  training: Dataset
  validation: Dataset
  steps: StepReport[]
  epochs: EpochReport[]
  mistakes: Mistake[]
}

export class TrainingEngine {
  #stop: AbortController | undefined
  #started = false
  /** What the run has come to, whether or not the browser could keep it. */
  #model: Blob | undefined
  /** The same, to try it. */
  #tried: Promise<Model> | undefined

  /** Starts anew. @returns whether it came to its end, false when it was stopped */
  async start(request: NewRun, tell: Tell): Promise<boolean> {
    return inOneTab(() => this.#startAnew(request, tell))
  }

  /**
   * Goes on with the run that the browser keeps, on the pictures that it keeps or on those given.
   * @returns as `start`
   */
  async resume(backend: BackendChoice, own: OwnDataset, tell: Tell): Promise<boolean> {
    return inOneTab(() => this.#goOn(backend, own, tell))
  }

  async #startAnew({ settings, base, backend, own }: NewRun, tell: Tell): Promise<boolean> {
    const device = await this.#backend(backend, tell)
    const { training, validation } = await openData(settings, own, tell)
    const { model, description } = await newModel(settings, training.classes, base)
    const run = withTrainer({
      settings,
      description,
      model,
      training,
      validation,
      steps: [],
      epochs: [],
      mistakes: [],
    })
    return this.#go(run, tell, device)
  }

  async #goOn(backend: BackendChoice, own: OwnDataset, tell: Tell): Promise<boolean> {
    const saved = await get<SavedRun>(keys.run)
    if (!saved) throw new Error('no run is kept in this browser: start one')
    const device = await this.#backend(backend, tell)
    const { settings, steps, epochs, mistakes } = saved
    const { training, validation } = await openData(settings, own, tell)
    if (training.classes.join() !== saved.classes.join()) {
      throw new Error('the classes have changed since the run began: start a new one')
    }
    const description = JSON.parse(saved.description) as ModelDescription
    const model = createAlexNet({ ...description.options, initialize: false })
    freeze(model, settings)
    const run = withTrainer({
      settings,
      description,
      model,
      training,
      validation,
      steps,
      epochs,
      mistakes,
    })
    run.trainer.restore(await readCheckpoint(saved.checkpoint))
    return this.#go(run, tell, device)
  }

  /** Ends the run after the step under way, and keeps it. */
  async stop(): Promise<void> {
    this.#stop?.abort()
  }

  /** The classifier of the run that this worker has trained, or that the browser keeps; undefined where there is none. */
  async model(): Promise<Blob | undefined> {
    return this.#model ?? (await get<SavedRun>(keys.run))?.model
  }

  /** What that classifier takes a picture for, the likeliest first. @throws Error where there is none */
  async classify(picture: { name: string; blob: Blob }, backend: BackendChoice) {
    if (!this.#tried) {
      const model = await this.model()
      if (!model) throw new Error('no run is kept in this browser: start one')
      await this.#backend(backend, () => {})
      this.#tried ??= openModel([new File([model], 'classifier.safetensors')])
    }
    return (await this.#tried).classify(await decode(picture.blob, picture.name), { topK: 5 })
  }

  /** What one picture of the data becomes in training, `count` times. */
  async preview(
    settings: TrainingSettings,
    network: { variant: string; inputSize: number },
    own: OwnDataset,
    count: number,
  ): Promise<Pixels[]> {
    const { training } = await openData(settings, own)
    const picture = await training.load(settings.seed % training.length)
    const { variant, inputSize } =
      settings.start === 'scratch' ? { variant: 'cifar', inputSize: 32 } : network
    const preset = presetFor(variant, inputSize, true)
    return Array.from({ length: count }, (_, index) => {
      const random = new Random(settings.seed, index)
      return preset.transforms.reduce(
        (current: Picture, step) => transformPicture(step, current, random),
        picture,
      )
    }).map(toPixels)
  }

  async #backend(choice: BackendChoice, tell: Tell): Promise<string> {
    if (this.#started) return ''
    const lost = (reason: string) => tell({ type: 'lost', reason })
    const { device } = await startBackend(choice, lost, 'training')
    this.#started = true
    return device
  }

  async #go(run: Run, tell: Tell, device: string): Promise<boolean> {
    const { settings, training, validation, trainer, description } = run
    this.#stop = new AbortController()
    const variant = description.options.variant ?? 'torchvision'
    const { crop, mean, std, meanPicture } = description.preprocessing
    const scale = { mean, std, ...(meanPicture && { meanPicture }) }
    const preset = presetFor(variant, crop, settings.augment, scale)
    tell({
      type: 'started',
      classes: [...training.classes],
      device,
      training: training.length,
      validation: validation.length,
    })
    const events = trainer.fit({
      epochs: settings.epochs,
      batches: ({ epoch, start }) =>
        loader({
          dataset: training,
          ...preset,
          batchSize: settings.batchSize,
          shuffle: true,
          seed: settings.seed,
          epoch,
          start,
        }),
      schedule: oneCycle(settings.learningRate, 0.2),
      signal: this.#stop.signal,
    })
    // At an epoch's end, and by the clock: a slow device makes few steps in the time that a person would miss.
    let keptAt = performance.now()
    const keepNow = async () => {
      this.#model = await keep(run, trainer.history.length >= settings.epochs, tell)
      keptAt = performance.now()
    }
    try {
      for await (const event of events) {
        if (event.type === 'step') {
          const { step, steps, epoch, epochs, loss, pictures, seconds } = event
          const picturesPerSecond = pictures / seconds
          const report: StepReport = {
            type: 'step',
            step,
            steps,
            epoch,
            epochs,
            loss,
            picturesPerSecond,
          }
          run.steps.push(report)
          tell(report)
          if (performance.now() - keptAt > KEEP_EVERY) await keepNow()
        } else if (event.type === 'epoch') {
          const plain = presetFor(variant, crop, false, scale)
          const seen = await inspect(run.model, validation, plain)
          const report: EpochReport = {
            type: 'epoch',
            epoch: event.epoch,
            step: event.step,
            train: event.train,
            validation: seen.metrics,
            confusion: seen.confusion,
          }
          run.epochs.push(report)
          run.mistakes = seen.mistakes
          tell(report)
          tell({ type: 'mistakes', mistakes: seen.mistakes })
        } else {
          await keepNow()
        }
      }
    } finally {
      run.optimizer.dispose()
      run.model.dispose()
    }
    return trainer.history.length >= settings.epochs
  }
}

function withTrainer(run: Omit<Run, 'trainer' | 'optimizer'>): Run {
  const optimizer = new Sgd({ momentum: 0.9, nesterov: true, weightDecay: 5e-4 })
  return { ...run, optimizer, trainer: new Trainer({ model: run.model, optimizer }) }
}

/** Writes the run into the browser's storage; a full one ends nothing. @returns the classifier that it has come to */
async function keep(run: Run, finished: boolean, tell: Tell): Promise<Blob> {
  const { tensors, metadata } = await run.trainer.checkpoint()
  const saved: SavedRun = {
    settings: run.settings,
    classes: [...run.training.classes],
    checkpoint: new Blob(encodeSafetensors(tensors, metadata) as BlobPart[]),
    model: new Blob(
      encodeSafetensors(await exportWeights(run.model), toMetadata(run.description)) as BlobPart[],
      { type: 'application/octet-stream' },
    ),
    description: JSON.stringify(run.description),
    steps: run.steps,
    epochs: run.epochs,
    mistakes: run.mistakes,
    finished,
  }
  try {
    await set(keys.run, saved)
    tell({ type: 'saved', step: run.trainer.step })
  } catch (error) {
    const why = (error as Error).name === 'QuotaExceededError' ? 'its storage is full' : `${error}`
    tell({
      type: 'warning',
      message: `The browser could not keep the run (${why}): it goes on, but a reload would lose it. Free some space, or download the classifier at the end.`,
    })
  }
  return saved.model
}

async function newModel(
  settings: TrainingSettings,
  classes: readonly string[],
  source: NewRun['base'],
): Promise<{ model: tf.LayersModel; description: ModelDescription }> {
  const labels = [...classes]
  if (settings.start === 'scratch') {
    const options = { variant: 'cifar', classes: labels.length, seed: settings.seed } as const
    // Too few steps for dropout to pay.
    const description = {
      options: { ...options, dropout: 0 },
      labels,
      preprocessing: presetFor('cifar', 32, false).preprocessing,
    }
    return { model: createAlexNet(description.options), description }
  }
  const base = await loadModel(source)
  const options = { ...base.options, classes: labels.length, seed: settings.seed }
  const model = createAlexNet(options)
  loadWeights(model, await exportWeights(base.network), { ignoreHead: true })
  base.dispose()
  freeze(model, settings)
  return { model, description: { options, labels, preprocessing: base.preprocessing } }
}

/** Leaves only the last layer to be trained, where that is asked for. */
function freeze(model: tf.LayersModel, { start }: TrainingSettings): void {
  if (start !== 'head') return
  const head = model.layers.findLast((layer) => layer.weights.length > 0)
  for (const layer of model.layers) layer.trainable = layer === head
}

function presetFor(
  variant: string,
  crop: number,
  augment: boolean,
  scale: Pick<PresetOptions, 'mean' | 'std' | 'meanPicture'> = {},
): Preset {
  const isSmall = getArchitecture(variant).inputSize === 32
  const [train, plain] = isSmall ? [cifarTrain, cifarEval] : [torchvisionTrain, torchvisionEval]
  return (augment ? train : plain)({ crop, ...scale })
}

async function openData(settings: TrainingSettings, own: OwnDataset, tell?: Tell) {
  const { source, pictures: count, seed, validation: share } = settings
  if (source === 'shapes') {
    const held = Math.max(50, Math.min(1000, Math.round(count * share)))
    return {
      training: shapes({ count, seed }),
      validation: shapes({ count: held, seed, split: 'test' }),
    }
  }
  const used = own.classes.filter((_, label) => own.pictures.some((one) => one.label === label))
  if (used.length < 2) {
    throw new Error('training needs pictures of at least two classes: add some first')
  }
  const whole = asDataset(own)
  for (let done = 0; tell && done < whole.length; done++) {
    tell({ type: 'preparing', done, total: whole.length })
    await whole.load(done)
  }
  if (share === 0 || own.pictures.length < 10) return { training: whole, validation: whole }
  const [training, validation] = split(whole, [1 - share, share], seed)
  return validation!.length === 0
    ? { training: whole, validation: whole }
    : { training: training!, validation: validation! }
}

/** The user's pictures, each decoded once: they are loaded in every epoch. */
function asDataset({ classes, pictures }: OwnDataset): Dataset {
  const decoded = new Map<number, Picture>()
  return {
    name: 'own pictures',
    classes,
    length: pictures.length,
    label: (index) => pictures[index]!.label,
    async load(index) {
      const { blob, name } = pictures[index]!
      const picture = decoded.get(index) ?? reduced(await decode(blob, name))
      decoded.set(index, picture)
      return picture
    },
    path: (index) => pictures[index]!.name,
    fingerprint: async () => pictures.map(({ id }) => id).join(),
  }
}

/**
 * Trains while no other tab of this browser does: two would write over each other's run.
 * @throws Error when another one does
 */
async function inOneTab(train: () => Promise<boolean>): Promise<boolean> {
  // Pages that are served without encryption have no locks.
  if (!navigator.locks) return train()
  // A worker that was ended a moment ago may still hold it.
  const signal = AbortSignal.timeout(2000)
  let isHeld = false
  try {
    return await navigator.locks.request('alexnet-training', { signal }, () => {
      isHeld = true
      return train()
    })
  } catch (error) {
    if (isHeld || !signal.aborted) throw error
    throw new Error('another tab of this browser trains: stop it there, or wait until it is done')
  }
}
