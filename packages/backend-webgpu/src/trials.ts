// Programs that the device has not seen before are on trial. WebGPU reports a shader that does not compile, or whose
// bindings do not fit, some time later and to nobody, and drops the whole submission that it was part of. So a new
// program is submitted by itself, within an error scope, and what it makes is in doubt until the device has
// answered: a read waits for the answer. If the device refuses the program, that read throws, and so does one of
// whatever was computed from it; everything else goes on.

import type * as tf from '@tensorflow/tfjs'
import { ProgramError } from './errors.ts'

interface Trial {
  /** Why the device refused the program. */
  error?: ProgramError
  accepted: boolean
  settled: Promise<void>
  /** Whether results were read before the device had answered, where a read cannot wait. */
  believed: boolean
}

interface Host {
  /** Submits what was recorded so far. */
  flush(): void
  /** Drops a pipeline from the cache. */
  forget(pipeline: GPUComputePipeline): void
  /** Ends the backend: wrong values were handed out. */
  fail(error: Error): void
}

export class Trials {
  readonly #device: GPUDevice
  readonly #host: Host
  /** What a tensor's values depend on that is not settled, or was refused. */
  readonly #doubts = new WeakMap<object, Trial[]>()
  /** Whether a tensor can be in doubt: trials that are not settled, and those that were refused. */
  #open = 0
  /** Pipelines compiled by the program that is being recorded; undefined while it has compiled none. */
  #compiled: GPUComputePipeline[] | undefined
  #recording = false

  constructor(device: GPUDevice, host: Host) {
    this.#device = device
    this.#host = host
    const createModule = device.createShaderModule.bind(device)
    const createPipeline = device.createComputePipeline.bind(device)
    device.createShaderModule = (descriptor) => {
      // Outside of a program it is somebody else's, whose errors are the backend's to hear of.
      if (this.#recording && !this.#compiled) {
        this.#host.flush()
        device.pushErrorScope('validation')
        this.#compiled = []
      }
      return createModule(descriptor)
    }
    device.createComputePipeline = (descriptor) => {
      const pipeline = createPipeline(descriptor)
      this.#compiled?.push(pipeline)
      return pipeline
    }
  }

  /**
   * Records a program, on trial if it is new to the device.
   * @param program its name in messages
   * @param results what it writes, from what `record` returned
   */
  watch<T>(
    program: string,
    inputs: readonly tf.TensorInfo[],
    results: (made: T) => readonly tf.TensorInfo[],
    record: () => T,
  ): T {
    const outer = { compiled: this.#compiled, recording: this.#recording }
    this.#compiled = undefined
    this.#recording = true
    let trial: Trial | undefined
    let made: T
    try {
      made = record()
    } finally {
      if (this.#compiled) trial = this.#begin(program, this.#compiled)
      this.#compiled = outer.compiled
      this.#recording = outer.recording
    }
    if (this.#open === 0) return made
    const doubts = new Set(inputs.flatMap(({ dataId }) => this.#doubtsOf(dataId)))
    if (trial) doubts.add(trial)
    for (const { dataId } of doubts.size > 0 ? results(made) : []) {
      this.#doubts.set(dataId, [...doubts])
    }
    return made
  }

  /** Waits for what a tensor depends on. @throws ProgramError when the device refused it */
  async settle(dataId: object): Promise<void> {
    for (const trial of this.#doubtsOf(dataId)) {
      await trial.settled
      if (trial.error) throw trial.error
    }
  }

  /** The same where nothing can be waited for: a refusal that comes later ends the backend. */
  believe(dataId: object): void {
    for (const trial of this.#doubtsOf(dataId)) {
      if (trial.error) throw trial.error
      trial.believed = true
    }
  }

  #doubtsOf(dataId: object): Trial[] {
    return this.#open === 0
      ? []
      : (this.#doubts.get(dataId) ?? []).filter(({ accepted }) => !accepted)
  }

  /** Submits a new program by itself and asks the device what it makes of it. */
  #begin(program: string, pipelines: readonly GPUComputePipeline[]): Trial {
    this.#host.flush()
    this.#open++
    const answer = this.#device.popErrorScope()
    const trial: Trial = { accepted: false, believed: false, settled: Promise.resolve() }
    const settle = async () => {
      // A lost device answers nothing, and says so itself.
      const refusal = await answer.catch(() => null)
      if (!refusal) {
        trial.accepted = true
        this.#open--
        return
      }
      trial.error = new ProgramError(
        `the device refused the program ${program}, and what it computes cannot be read: ${refusal.message.split('\n')[0]}`,
      )
      for (const pipeline of pipelines) this.#host.forget(pipeline)
      if (trial.believed) this.#host.fail(trial.error)
    }
    trial.settled = settle()
    return trial
  }
}
