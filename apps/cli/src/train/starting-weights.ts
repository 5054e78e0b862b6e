// What a run begins with when it does not begin with random weights: those of a trained network, all but
// its head, which is made anew for other classes; or those of a run's checkpoint, to go on otherwise than
// the run did, whose head stays where the classes are the same.

import { exportWeights, loadWeights } from '@alexnet/core'
import type { LayersModel } from '@tensorflow/tfjs'
import { loadModel } from '../model.ts'
import type { StartingPoint } from './run-settings.ts'

export interface StartingWeights extends StartingPoint {
  /** Puts the weights into a model of the same network, for these classes; then they are freed. */
  copyTo(model: LayersModel, labels: readonly string[]): Promise<void>
}

/** Opens what `--from` names, as `--weights` does elsewhere. */
export async function startingWeights(
  from: string,
  options: { variant?: string; quiet?: boolean },
): Promise<StartingWeights> {
  const trained = await loadModel(from, options)
  return {
    options: trained.options,
    preprocessing: trained.preprocessing,
    async copyTo(model, labels) {
      const isSame =
        labels.length === trained.labels.length &&
        labels.every((label, index) => label === trained.labels[index])
      const ignoreHead = !(trained.origin.isCheckpoint && isSame)
      loadWeights(model, await exportWeights(trained.network), { ignoreHead })
      trained.dispose()
    },
  }
}
