// The training loop: one step at a time, told as typed events, stopped and resumed at any step with the
// same numbers as a run that was never stopped. It knows batches of arrays and a model that gives logits;
// it knows no files, no clock-driven decisions and no printing: whoever reads the events does that.

import { setTrainingStep } from '@alexnet/core'
import * as tf from '@tensorflow/tfjs'
import { type Batch, type BatchSource, pictureTensor } from './batch.ts'
import {
  type Checkpoint,
  packCheckpoint,
  type StoredCheckpoint,
  type TrainingState,
  trainableWeights,
  unpackCheckpoint,
} from './checkpoint.ts'
import { evaluate } from './evaluate.ts'
import type { EpochEvent, StepEvent, TrainEvent } from './events.ts'
import { countRight, crossEntropy, meansOf, zeroSums } from './loss.ts'
import type { Schedule } from './schedule.ts'
import type { Sgd } from './sgd.ts'

export interface FitOptions {
  /** Number of passes over the data, those before a resume included. */
  epochs: number
  /** Batches of an epoch (from 0), from batch `start` on; the same ones whenever it is asked again. */
  batches: (position: { epoch: number; start: number }) => BatchSource
  /** Batches to validate on after each epoch. */
  validation?: () => BatchSource
  schedule: Schedule
  /** Share of the target spread over all classes. Default 0. */
  labelSmoothing?: number
  /** Steps between checkpoint events inside an epoch; default none, only at its end. */
  checkpointEvery?: number
  /** When aborted, the run ends after the step under way with a last checkpoint event. */
  signal?: AbortSignal
}

/** Training cannot go on; the message says at which step and what to do. */
export class TrainingError extends Error {
  override readonly name = 'TrainingError'
}

const initialState = (): TrainingState => ({
  epoch: 0,
  batch: 0,
  step: 0,
  learningRate: 0,
  sums: zeroSums(),
  seconds: 0,
  history: [],
})

/**
 * Trains a model that gives logits.
 *
 * @example
 * const trainer = new Trainer({ model, optimizer: new Sgd({ learningRate: 0.01, momentum: 0.9 }) })
 * for await (const event of trainer.fit({ epochs: 5, batches, schedule: constant(0.01) })) {
 *   if (event.type === 'epoch') console.log(event.epoch, event.train.loss)
 * }
 */
export class Trainer {
  readonly model: tf.LayersModel
  readonly optimizer: Sgd
  readonly #weights: ReadonlyMap<string, tf.Variable>
  #state: TrainingState = initialState()

  constructor({ model, optimizer }: { model: tf.LayersModel; optimizer: Sgd }) {
    this.model = model
    this.optimizer = optimizer
    this.#weights = trainableWeights(model)
  }

  /** Steps done so far, over all epochs. */
  get step(): number {
    return this.#state.step
  }

  /** One record an epoch done so far. */
  get history(): readonly EpochEvent[] {
    return this.#state.history
  }

  /** Everything needed to go on from here: weights, momentum, position and running sums. */
  checkpoint(): Promise<Checkpoint> {
    return packCheckpoint(this.model, this.optimizer, this.#state)
  }

  /**
   * Puts the model, the optimiser and the position back to where a checkpoint was taken.
   *
   * @throws Error when a tensor is missing or has another shape, or the checkpoint is no training one.
   */
  restore(checkpoint: StoredCheckpoint): void {
    this.#state = unpackCheckpoint(this.model, this.optimizer, checkpoint)
  }

  /**
   * Runs from the present position to the end of the last epoch.
   *
   * @throws TrainingError when the loss is no longer a finite number.
   */
  async *fit(options: FitOptions): AsyncGenerator<TrainEvent, void, void> {
    const { epochs, checkpointEvery = 0, signal } = options
    while (this.#state.epoch < epochs) {
      const epoch = this.#state.epoch
      const source = options.batches({ epoch, start: this.#state.batch })
      const batches = source.length
      const done = () => ({ step: this.#state.step, epoch: epoch + 1 })
      let waitingSince = performance.now()
      for await (const batch of source) {
        yield await this.#trainOn(batch, options, batches, waitingSince)
        if (signal?.aborted) {
          yield { type: 'checkpoint', reason: 'interrupted', ...done(), best: false }
          return
        }
        const between = this.#state.batch < batches
        if (between && checkpointEvery > 0 && this.#state.step % checkpointEvery === 0) {
          yield { type: 'checkpoint', reason: 'interval', ...done(), best: false }
        }
        waitingSince = performance.now()
      }
      const best = yield* this.#endEpoch(options)
      yield { type: 'checkpoint', reason: 'epoch', ...done(), best }
      if (signal?.aborted) return
    }
  }

  async #trainOn(
    batch: Batch,
    options: FitOptions,
    batches: number,
    waitingSince: number,
  ): Promise<StepEvent> {
    const { epochs, schedule, labelSmoothing = 0 } = options
    const state = this.#state
    const steps = epochs * batches
    const learningRate = schedule(state.step, steps)
    this.optimizer.learningRate = learningRate
    setTrainingStep(this.model, state.step)

    const images = pictureTensor(batch)
    let logits: tf.Tensor2D | undefined
    const { value, grads } = tf.variableGrads(() => {
      logits = tf.keep(this.model.apply(images, { training: true }) as tf.Tensor2D)
      return crossEntropy(logits, batch.labels, labelSmoothing)
    }, [...this.#weights.values()])
    const [loss = Number.NaN] = await value.data()
    if (Number.isFinite(loss)) {
      const gradients = Object.fromEntries(
        [...this.#weights].map(([name, variable]) => [name, grads[variable.name]!]),
      )
      this.optimizer.step(this.#weights, gradients)
    }
    const right = countRight(await logits!.data(), batch.labels)
    tf.dispose([images, value, logits!, grads])
    if (!Number.isFinite(loss)) {
      throw new TrainingError(
        `the loss became ${loss} at step ${state.step + 1} (epoch ${state.epoch + 1}, learning rate ${learningRate}): lower the learning rate and go on from the last checkpoint`,
      )
    }

    const pictures = batch.labels.length
    state.sums.pictures += pictures
    state.sums.loss += loss * pictures
    state.sums.top1 += right.top1
    state.sums.top5 += right.top5
    state.learningRate = learningRate
    state.step += 1
    state.batch += 1
    await nextTask()
    const seconds = (performance.now() - waitingSince) / 1000
    state.seconds += seconds
    return {
      type: 'step',
      step: state.step,
      steps,
      epoch: state.epoch + 1,
      epochs,
      batch: state.batch,
      batches,
      loss,
      top1: right.top1 / pictures,
      learningRate,
      pictures,
      seconds,
    }
  }

  /** Validates, records the epoch and moves to the next; returns whether it was the best so far. */
  async *#endEpoch(options: FitOptions): AsyncGenerator<EpochEvent, boolean> {
    const state = this.#state
    const score = (record: EpochEvent) => (record.validation ?? record.train).top1
    const record: EpochEvent = {
      type: 'epoch',
      epoch: state.epoch + 1,
      epochs: options.epochs,
      step: state.step,
      train: meansOf(state.sums),
      ...(options.validation && {
        validation: await evaluate(this.model, options.validation()),
      }),
      learningRate: state.learningRate,
      seconds: state.seconds,
    }
    const best = state.history.every((before) => score(before) < score(record))
    state.history.push(record)
    state.epoch += 1
    state.batch = 0
    state.sums = zeroSums()
    state.seconds = 0
    yield record
    return best
  }
}

/** Lets timers, signals and pending reads have their turn: the CPU backends never wait by themselves. */
const nextTask = () => new Promise<void>((resolve) => setTimeout(resolve, 0))
