// One step: the loss of a batch, its gradients, and the move of the weights. A batch too large for the
// memory goes through in parts whose gradients are added up, with the result of the whole.

import { modelWeights } from '@alexnet/core'
import { setTrainingStep } from '@alexnet/core/layers'
import * as tf from '@tensorflow/tfjs'
import { partsOf, pictureTensor, type TrainingBatch, targetsOf } from './batch.ts'
import { addGradients, clipNorm } from './gradients.ts'
import { crossEntropy } from './loss.ts'
import { countRight } from './metrics.ts'
import type { Optimizer } from './optimizer.ts'

export interface StepOptions {
  /** Share of the target spread over all classes. Default 0. */
  labelSmoothing?: number
  /** Length that the gradient, over all weights as one vector, is cut to. Default: not cut. */
  clipNorm?: number
  /** Pictures that go through the network at once; gradients are added up over the batch. Default all. */
  microBatch?: number
}

export interface StepResult {
  /** Mean over the batch, before the step. */
  loss: number
  /** Pictures whose class came out best, and among the best five. */
  top1: number
  top5: number
  /** Length of the gradient before it was cut, where it is to be cut. */
  gradientNorm?: number
}

/**
 * Moves the weights by one batch, unless its loss is no finite number.
 *
 * @param weights those to be moved, by PyTorch's names
 * @param step number of the step from 0, which dropout's masks follow from
 */
export async function trainStep(
  model: tf.LayersModel,
  optimizer: Optimizer,
  weights: ReadonlyMap<string, tf.Variable>,
  { batch, step, ...options }: StepOptions & { batch: TrainingBatch; step: number },
): Promise<StepResult> {
  const { labelSmoothing = 0, microBatch = Number.POSITIVE_INFINITY } = options
  const pictures = batch.labels.length
  const result: StepResult = { loss: 0, top1: 0, top5: 0 }
  let gradients: tf.NamedTensorMap | undefined
  let row = 0
  for (const part of partsOf(batch, microBatch)) {
    // Dropout's masks are functions of the row in the batch, so parts see those of the whole.
    setTrainingStep(model, step, row)
    row += part.labels.length
    const share = part.labels.length / pictures
    const images = pictureTensor(part)
    let logits: tf.Tensor2D | undefined
    const { value, grads } = tf.variableGrads(() => {
      logits = tf.keep(model.apply(images, { training: true }) as tf.Tensor2D)
      const loss = crossEntropy(logits, targetsOf(part, logits.shape[1]), labelSmoothing)
      return share === 1 ? loss : (tf.mul(loss, share) as tf.Scalar)
    }, [...weights.values()])
    gradients = addGradients(gradients, grads)
    result.loss += (await value.data())[0]!
    const right = countRight(await logits!.data(), part.labels)
    result.top1 += right.top1
    result.top5 += right.top5
    tf.dispose([images, value, logits!])
  }
  let byVariable = gradients!
  if (Number.isFinite(result.loss)) {
    if (options.clipNorm !== undefined) {
      const clipped = clipNorm(byVariable, options.clipNorm)
      byVariable = clipped.gradients
      result.gradientNorm = (await clipped.norm.data())[0]!
      clipped.norm.dispose()
    }
    const named = [...weights].map(([name, { name: own }]) => [name, byVariable[own]!] as const)
    optimizer.step(weights, Object.fromEntries(named))
  }
  tf.dispose(byVariable)
  return result
}

/** Name of a model's last linear layer. */
export function headOf(model: tf.LayersModel): string {
  const head = modelWeights(model).findLast(({ shape }) => shape.length === 2)
  if (!head) throw new RangeError('the model has no linear layer that could be its head')
  return head.layer
}
