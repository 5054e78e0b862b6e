// The training loop: one step at a time, told as typed events, stopped and resumed at any step with the
// same numbers as a run that was never stopped. It knows batches of arrays and a model that gives logits;
// it knows no files, no clock-driven decisions and no printing: whoever reads the events does that.

import { nextTask } from '@alexnet/data'
import { agree, type Communicator } from '@alexnet/distributed'
import * as tf from '@tensorflow/tfjs'
import type { BatchSource, TrainingBatch } from './batch.ts'
import {
  packCheckpoint,
  type Run,
  type StoredCheckpoint,
  type TrainingCheckpoint,
  type TrainingState,
  trainableWeights,
  unpackCheckpoint,
} from './checkpoint.ts'
import { evaluate } from './evaluate.ts'
import type { EpochEvent, EpochRecord, StepEvent, TrainEvent } from './events.ts'
import { type Metrics, meansOf, zeroSums } from './metrics.ts'
import type { Optimizer } from './optimizer.ts'
import { Hybrid } from './ranks/hybrid.ts'
import { RankedStep, type RanksOptions } from './ranks/ranked-step.ts'
import type { Schedule } from './schedule.ts'
import { headOf, trainStep } from './step.ts'
import type { StepOptions } from './step-types.ts'
import { WeightAverage } from './weight-average.ts'
import { checkRules } from './weight-rules.ts'

/** What a `Trainer` trains, and by which rule. */
export interface TrainerOptions {
  /** Gives logits [batch, classes]. */
  model: tf.LayersModel
  optimizer: Optimizer
  /**
   * Keeps a running mean of the weights with this decay, in (0, 1), and validates with it; see
   * `WeightAverage`. Default: none.
   */
  averageDecay?: number
  /**
   * Other processes that train with this one, each on its part of every batch (and, where its `validation` gives a
   * part of the batches only, on that). All call the same methods in the same order. Default none.
   */
  ranks?: RanksOptions
}

export interface FitOptions extends StepOptions {
  /** Number of passes over the data, those before a resume included. */
  epochs: number
  /** Batches of an epoch (from 0), from batch `start` on; the same ones whenever it is asked again. */
  batches: (position: { epoch: number; start: number }) => BatchSource
  /** Batches to validate on after each epoch. */
  validation?: () => BatchSource
  schedule: Schedule
  /** Epochs, from the first, in which only the last linear layer is trained. Default 0. */
  headEpochs?: number
  /** Ends the run after so many epochs in a row without a better one. Default: never. */
  earlyStop?: number
  /** Steps between checkpoint events inside an epoch; default none, only at its end. */
  checkpointEvery?: number
  /** When aborted, the run ends after the step under way with a last checkpoint event. */
  signal?: AbortSignal
}

/** Training cannot go on; the message says at which step and what to do. */
export class TrainingError extends Error {
  override readonly name = 'TrainingError'
}

/** A loss above this many times that of a guess, for this many steps in a row, will not come back. */
const EXPLODED = { times: 10, steps: 10 }

const initialState = (): TrainingState => ({
  epoch: 0,
  batch: 0,
  step: 0,
  learningRate: 0,
  sums: zeroSums(),
  seconds: 0,
  history: [],
})

/** How good an epoch was: top-1 over the validation set, else over what it trained on. */
export const scoreOf = ({ validation, train }: { validation?: Metrics; train: Metrics }): number =>
  (validation ?? train).top1

/**
 * Trains a model that gives logits.
 *
 * @example
 * const trainer = new Trainer({ model, optimizer: new Sgd({ momentum: 0.9 }) }) // the schedule has the rate
 * for await (const event of trainer.fit({ epochs: 5, batches, schedule: constant(0.01) })) {
 *   if (event.type === 'epoch') console.log(event.epoch, event.train.loss)
 * }
 */
export class Trainer {
  readonly model: tf.LayersModel
  readonly optimizer: Optimizer
  readonly #weights: ReadonlyMap<string, tf.Variable>
  readonly #average: WeightAverage | undefined
  readonly #ranks: RankedStep | undefined
  readonly #hybrid: Hybrid | undefined
  #state: TrainingState = initialState()
  #tooLarge = 0

  /** @throws RangeError when a rule of the optimiser fits no weight */
  constructor({ model, optimizer, averageDecay, ranks }: TrainerOptions) {
    this.model = model
    this.optimizer = optimizer
    this.#weights = trainableWeights(model)
    this.#average = averageDecay === undefined ? undefined : new WeightAverage(averageDecay)
    checkRules(optimizer.rules, [...this.#weights.keys()])
    if (!ranks) return
    if (ranks.parallel === 'hybrid') {
      if (averageDecay !== undefined) {
        throw new RangeError('hybrid keeps no average of the weights: train with data parallel')
      }
      this.#hybrid = new Hybrid(model, ranks.communicator)
    }
    this.#ranks = new RankedStep(ranks, this.#hybrid)
  }

  /** Steps done so far, over all epochs. */
  get step(): number {
    return this.#state.step
  }

  /** One record an epoch done so far. */
  get history(): readonly EpochRecord[] {
    return this.#state.history
  }

  /** Decay of the weights' running mean, where it keeps one. */
  get averageDecay(): number | undefined {
    return this.#average?.decay
  }

  /** The processes that train with this one, where there are such. */
  get communicator(): Communicator | undefined {
    return this.#ranks?.communicator
  }

  get #run(): Run {
    return { model: this.model, optimizer: this.optimizer, average: this.#average }
  }

  /**
   * Everything needed to go on from here: weights, the optimiser's state, position and running sums.
   *
   * @throws TrainingError when the weights are no longer finite, so that no good checkpoint is replaced
   *   by one that is of no use
   */
  async checkpoint(): Promise<TrainingCheckpoint> {
    await this.#hybrid?.gatherWeights()
    const slots = await this.#hybrid?.gatherSlots(this.optimizer.state.slots)
    const state = { ...this.optimizer.state, ...(slots && { slots }) }
    try {
      return await packCheckpoint({ ...this.#run, optimizer: { state } }, this.#state)
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause
      const { step, learningRate } = this.#state
      const message = `after step ${step} (learning rate ${learningRate}) ${cause.message}: ${ADVICE}`
      throw new TrainingError(message, { cause })
    } finally {
      for (const tensors of slots?.values() ?? []) tf.dispose([...tensors.values()])
    }
  }

  /**
   * Puts the model, the optimiser and the position back to where a checkpoint was taken.
   *
   * @throws Error when a tensor is missing or has another shape, or the checkpoint is no training one.
   */
  restore(checkpoint: StoredCheckpoint): void {
    this.#state = unpackCheckpoint(this.#run, checkpoint)
    if (!this.#hybrid) return
    this.#hybrid.split()
    const { slots, counts } = this.optimizer.state
    const columns = this.#hybrid.splitSlots(slots)
    this.optimizer.restore({ slots: columns, counts })
    for (const tensors of columns.values()) tf.dispose([...tensors.values()])
  }

  /** Runs something with the averaged weights in the model, where there are such; then puts its own back. */
  async withAveragedWeights<T>(work: () => Promise<T>): Promise<T> {
    return this.#average ? this.#average.inPlaceOf(this.#weights, work) : work()
  }

  /** Frees the optimiser's and the average's tensors; the model stays its maker's. */
  dispose(): void {
    this.optimizer.dispose()
    this.#average?.dispose()
    this.#hybrid?.dispose()
  }

  /**
   * Runs from the present position to the end of the last epoch.
   *
   * @throws TrainingError when the loss is no longer a finite number, or far above that of a guess.
   */
  async *fit(options: FitOptions): AsyncGenerator<TrainEvent, void, void> {
    const { epochs, checkpointEvery = 0, signal } = options
    const done = () => ({ step: this.#state.step, epoch: this.#state.history.length })
    while (this.#state.epoch < epochs && !this.#hasStopped(options)) {
      const epoch = this.#state.epoch
      const source = options.batches({ epoch, start: this.#state.batch })
      const batches = source.length
      const under = () => ({ step: this.#state.step, epoch: epoch + 1 })
      let waitingSince = performance.now()
      for await (const batch of source) {
        const { event, stop } = await this.#trainOn(batch, options, batches, waitingSince)
        yield event
        if (stop || (!this.#ranks && signal?.aborted)) {
          yield { type: 'checkpoint', reason: 'interrupted', ...under(), best: false }
          return
        }
        const between = this.#state.batch < batches
        if (between && checkpointEvery > 0 && this.#state.step % checkpointEvery === 0) {
          yield { type: 'checkpoint', reason: 'interval', ...under(), best: false }
        }
        waitingSince = performance.now()
      }
      const best = yield* this.#endEpoch(options)
      yield { type: 'checkpoint', reason: 'epoch', ...done(), best }
      if (await this.#anyAborted(signal)) return
    }
    const reason = this.#state.epoch < epochs ? 'no-improvement' : 'epochs'
    yield { type: 'end', reason, ...done() }
  }

  /** Whether this process, or one of those that train with it, was asked to stop. */
  async #anyAborted(signal: AbortSignal | undefined): Promise<boolean> {
    const own = signal?.aborted ?? false
    if (!this.#ranks) return own
    const all = await this.#ranks.communicator.allGather(Uint8Array.of(Number(own)))
    return all.some(([aborted]) => aborted === 1)
  }

  /**
   * All ranks made the same steps from the same bits. Where their weights differ, one computes otherwise (another
   * processor, another version) and the average would be of different networks.
   *
   * @throws RankError, naming the first that differs
   */
  async #requireEqualWeights(): Promise<void> {
    let hash = 0
    for (const weight of this.#weights.values()) {
      const { buffer, byteOffset, length } = (await weight.data()) as Float32Array
      for (const word of new Int32Array(buffer, byteOffset, length)) {
        hash = Math.imul(hash ^ word, 0x01000193)
      }
    }
    await agree(this.#ranks!.communicator, { 'its weights (hash)': String(hash) })
  }

  /** Whether there was no better epoch for as long as is to be waited. */
  #hasStopped({ earlyStop }: FitOptions): boolean {
    if (earlyStop === undefined) return false
    const scores = this.#state.history.map(scoreOf)
    return scores.length - 1 - scores.indexOf(Math.max(...scores)) >= earlyStop
  }

  async #trainOn(
    batch: TrainingBatch,
    options: FitOptions,
    batches: number,
    waitingSince: number,
  ): Promise<{ event: StepEvent; stop: boolean }> {
    const { epochs, schedule, headEpochs = 0 } = options
    const state = this.#state
    const steps = epochs * batches
    const learningRate = schedule(state.step, steps, state.history)
    this.optimizer.learningRate = learningRate
    const result = await trainStep(this.model, this.optimizer, this.#trained(headEpochs), {
      ...options,
      batch,
      step: state.step,
      ranks: this.#ranks,
      stop: options.signal?.aborted ?? false,
    })
    this.#requireSane(result.loss, learningRate)
    this.#average?.update(this.#weights, state.step + 1)

    const pictures = batch.part?.of ?? batch.labels.length
    state.sums.pictures += pictures
    state.sums.loss += result.loss * pictures
    state.sums.top1 += result.top1
    state.sums.top5 += result.top5
    state.learningRate = learningRate
    state.step += 1
    state.batch = (batch.index ?? state.batch) + 1
    // The CPU backends never wait by themselves.
    await nextTask()
    const seconds = (performance.now() - waitingSince) / 1000
    state.seconds += seconds
    const event: StepEvent = {
      type: 'step',
      step: state.step,
      steps,
      epoch: state.epoch + 1,
      epochs,
      batch: state.batch,
      batches,
      loss: result.loss,
      top1: result.top1 / pictures,
      learningRate,
      gradientNorm: result.gradientNorm,
      pictures,
      seconds,
    }
    return { event, stop: result.stop }
  }

  /** The weights that this epoch moves. */
  #trained(headEpochs: number): Map<string, tf.Variable> {
    const head = this.#state.epoch < headEpochs ? `${headOf(this.model)}.` : ''
    const trained = [...this.#weights].filter(
      ([name]) => name.startsWith(head) && !this.optimizer.treatment(name).frozen,
    )
    if (trained.length === 0) throw new RangeError('every weight is frozen: nothing can be trained')
    return this.#hybrid?.trained(new Map(trained)) ?? new Map(trained)
  }

  #requireSane(loss: number, learningRate: number): void {
    const { step, epoch } = this.#state
    const where = `at step ${step + 1} (epoch ${epoch + 1}, learning rate ${learningRate})`
    if (!Number.isFinite(loss)) {
      throw new TrainingError(`the loss became ${loss} ${where}: ${ADVICE}`)
    }
    const guess = Math.log(Math.max(2, this.model.outputs[0]!.shape.at(-1)!))
    this.#tooLarge = loss > EXPLODED.times * guess ? this.#tooLarge + 1 : 0
    if (this.#tooLarge < EXPLODED.steps) return
    throw new TrainingError(
      `the loss exploded: ${loss.toPrecision(3)} ${where}, after ${EXPLODED.steps} steps above ${EXPLODED.times} times that of a guess (${guess.toFixed(2)}): ${ADVICE}`,
    )
  }

  /** Validates, records the epoch and moves to the next; returns whether it was the best so far. */
  async *#endEpoch(options: FitOptions): AsyncGenerator<EpochEvent, boolean> {
    const state = this.#state
    await this.#hybrid?.gatherWeights()
    if (this.#ranks) await this.#requireEqualWeights()
    const shared = this.#ranks && { communicator: this.#ranks.communicator }
    const validation =
      options.validation &&
      (await this.withAveragedWeights(() => evaluate(this.model, options.validation!(), shared)))
    const figures = {
      type: 'epoch' as const,
      epoch: state.epoch + 1,
      epochs: options.epochs,
      step: state.step,
      train: meansOf(state.sums),
      learningRate: state.learningRate,
      seconds: state.seconds,
    }
    const record: EpochRecord = {
      ...figures,
      ...(validation && { validation: metricsOf(validation) }),
    }
    const best = state.history.every((before) => scoreOf(before) < scoreOf(record))
    state.history.push(record)
    state.epoch += 1
    state.batch = 0
    state.sums = zeroSums()
    state.seconds = 0
    yield { ...figures, ...(validation && { validation }) }
    return best
  }
}

const ADVICE =
  'lower the learning rate, warm it up or cut the gradients to a length, and go on from the last checkpoint'

const metricsOf = ({ pictures, loss, top1, top5 }: Metrics): Metrics => ({
  pictures,
  loss,
  top1,
  top5,
})
