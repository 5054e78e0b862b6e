// The kernels that this project's backends have and tfjs does not, by name: whether the current backend has one, and
// running it. Their types are @alexnet/backend's; nothing of it is there when this runs. (As in train: what one exported to
// the other would have backend's types in its declarations, and users would need it.)

import type { CustomKernels } from '@alexnet/backend/kernels'
import * as tf from '@tensorflow/tfjs'

/** Whether the current backend has the kernel. */
export const hasKernel = (name: keyof CustomKernels): boolean =>
  tf.getKernel(name, tf.getBackend()) !== undefined

/** Runs it; what it gives is as its entry in `CustomKernels` says. */
export function runKernel<Result extends tf.Tensor | tf.Tensor[], Name extends keyof CustomKernels>(
  name: Name,
  inputs: CustomKernels[Name]['inputs'],
  attributes: CustomKernels[Name]['attributes'],
): Result {
  const named = [inputs, attributes] as unknown as [tf.NamedTensorMap, tf.NamedAttrMap]
  return tf.engine().runKernel(name, ...named) as Result
}
