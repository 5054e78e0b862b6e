// Dropout whose masks can be repeated: a mask is a pure function of the layer's seed, the training
// step and the element's index, so a training run that resumes at a step goes on exactly as the
// uninterrupted one. tf.layers.dropout draws from a generator whose state nobody can save.
import type { CustomKernels } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'
import { hasKernel, runKernel } from '../custom-kernels.ts'
import { requireRate, requireWholeNumber } from '../errors.ts'
import { fillMask, keyOf, maskKeys } from '../random.ts'
import { type LayerSettings, oneShape } from './support.ts'

/** Settings of Dropout. */
export interface DropoutSettings extends LayerSettings {
  /** Probability that an element is dropped, 0 ≤ rate < 1. */
  rate: number
  /**
   * Whether kept elements are divided by 1 − rate in training, so that nothing is done afterwards
   * (PyTorch, Keras). Otherwise training keeps them as they are and inference multiplies everything
   * by 1 − rate (the 2012 paper, section 4.2, and its source). Default true.
   */
  inverted?: boolean
  /** Whole number that sets this layer's masks apart. Default 0. */
  seed?: number
}

/**
 * Dropout of single elements; input of any shape, which stays. Acts on `training: true` calls only.
 */
export class Dropout extends tf.layers.Layer {
  static className = 'AlexNetDropout'
  readonly rate: number
  readonly inverted: boolean
  readonly seed: number
  #step = 0
  #callsInStep = 0
  #firstRow = 0

  constructor(settings: DropoutSettings) {
    super(settings)
    this.rate = requireRate('rate', settings.rate)
    this.inverted = settings.inverted ?? true
    this.seed = requireWholeNumber('seed', settings.seed ?? 0, 0)
  }

  /**
   * Sets what the next masks depend on. Several calls in one step get masks of their own, in order;
   * the count of calls starts anew here. A part of a batch (accumulated gradients) that says with
   * which row of the batch it begins gets that part of the whole batch's mask.
   */
  setTrainingStep(step: number, firstRow = 0): void {
    this.#step = requireWholeNumber('training step', step, 0)
    this.#firstRow = requireWholeNumber('first row', firstRow, 0)
    this.#callsInStep = 0
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return oneShape(inputShape)
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown> = {}): tf.Tensor {
    const input = Array.isArray(inputs) ? inputs[0]! : inputs
    const keep = 1 - this.rate
    if (this.rate === 0) return input
    if (kwargs.training !== true) return this.inverted ? input : tf.mul(input, keep)
    const key = keyOf(this.seed, this.#step, this.#callsInStep++)
    const firstElement = (this.#firstRow * input.size) / (input.shape[0] ?? 1)
    const scale = this.inverted ? 1 / keep : 1
    if (hasKernel('HashedDropout') && input.dtype === 'float32') {
      return dropElements(input, { ...maskKeys(key, keep), scale, firstElement })
    }
    return tf.tidy(() => {
      const mask = new Float32Array(input.size)
      fillMask(mask, key, keep, scale, firstElement)
      return tf.mul(input, tf.tensor(mask, input.shape))
    })
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.rate, inverted: this.inverted, seed: this.seed }
  }
}

/** The kernel applied to a tensor and, in the backward pass, to its gradient: no mask is kept. */
function dropElements(
  input: tf.Tensor,
  attributes: CustomKernels['HashedDropout']['attributes'],
): tf.Tensor {
  const run = (x: tf.Tensor): tf.Tensor => runKernel('HashedDropout', { x }, attributes)
  return tf.customGrad((x) => ({
    value: run(x as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => run(dy),
  }))(input)
}

/**
 * Sets the training step of every dropout layer of a model, nested models included. A training loop
 * calls it before each step, so that a resumed run draws the masks of an uninterrupted one. Without
 * it (`model.fit`) each training call gets a new mask, counted from the model's creation. A batch that
 * goes through in parts gives each part's first row.
 */
export function setTrainingStep(model: tf.LayersModel, step: number, firstRow = 0): void {
  for (const layer of model.layers) {
    if (layer instanceof Dropout) layer.setTrainingStep(step, firstRow)
    else if (layer instanceof tf.LayersModel) setTrainingStep(layer, step, firstRow)
  }
}
