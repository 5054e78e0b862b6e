// One step: the loss of a batch, its gradients, and the move of the weights. A batch too large for the
// memory goes through in parts whose gradients are added up, with the result of the whole.

import { modelWeights } from '@alexnet/core'
import { setTrainingStep } from '@alexnet/core/layers'
import * as tf from '@tensorflow/tfjs'
import { partsOf, pictureTensor, targetsOf } from './batch.ts'
import { addGradients, clipNorm } from './gradients.ts'
import { crossEntropy } from './loss.ts'
import { countRight } from './metrics.ts'
import type { Optimizer } from './optimizer.ts'
import type { RankedStep } from './ranks/ranked-step.ts'
import type { StepBatch, StepOptions, StepResult } from './step-types.ts'

/** What a step is told beside its options. */
export interface StepInput extends StepBatch {
  /** The other processes that have parts of the batch; none by default. */
  ranks?: RankedStep | undefined
  /** Whether this process was asked to stop. */
  stop?: boolean
}

/**
 * Moves the weights by one batch, unless its loss is no finite number. With `ranks`, each has a part of the batch,
 * and all make the same step: gradients and figures are those of the whole.
 *
 * @param weights those to be moved, by PyTorch's names
 */
export async function trainStep(
  model: tf.LayersModel,
  optimizer: Optimizer,
  weights: ReadonlyMap<string, tf.Variable>,
  { batch, step, ranks, stop = false, ...options }: StepOptions & StepInput,
): Promise<StepResult> {
  const result: StepResult = { loss: 0, top1: 0, top5: 0, stop }
  const local = await (ranks?.hybrid
    ? ranks.hybrid.gradients(weights, { batch, step, ...options }, ranks, result)
    : gradientsOf(model, weights, { batch, step, ranks, ...options }, result))
  let byVariable = ranks ? await ranks.sum(weights, local, result) : local
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

/** The gradients of this process's pictures, their loss a share of the whole batch's; figures go to `result`. */
async function gradientsOf(
  model: tf.LayersModel,
  weights: ReadonlyMap<string, tf.Variable>,
  { batch, step, ranks, ...options }: StepOptions & StepInput,
  result: StepResult,
): Promise<tf.NamedTensorMap> {
  const { labelSmoothing = 0, microBatch = Number.POSITIVE_INFINITY } = options
  const { first, of } = batch.part ?? { first: 0, of: batch.labels.length }
  let gradients: tf.NamedTensorMap | undefined
  let row = first
  // A process may have no picture of a batch that is smaller than the number of processes.
  const parts = batch.labels.length === 0 ? [] : partsOf(batch, microBatch)
  for (const part of parts) {
    // Dropout's masks are functions of the row in the batch, so parts see those of the whole.
    setTrainingStep(model, step, row)
    row += part.labels.length
    const share = part.labels.length / of
    const images = pictureTensor(part)
    let logits: tf.Tensor2D | undefined
    const forward = () => model.apply(images, { training: true }) as tf.Tensor2D
    const { value, grads } = tf.variableGrads(() => {
      logits = tf.keep(
        ranks && parts.length === 1 ? ranks.watch(model, weights, forward) : forward(),
      )
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
  return gradients ?? {}
}

/** Name of a model's last linear layer. */
export function headOf(model: tf.LayersModel): string {
  const head = modelWeights(model).findLast(({ shape }) => shape.length === 2)
  if (!head) throw new RangeError('the model has no linear layer that could be its head')
  return head.layer
}
