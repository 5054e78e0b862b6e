// What a run begins with when it does not begin with random weights: those of a trained network, all but
// its head, which is made anew for other classes.

import { exportWeights, loadWeights } from '@alexnet/core'
import type { LayersModel } from '@tensorflow/tfjs'
import { loadModel } from '../model.ts'
import type { StartingPoint } from './run-settings.ts'

export interface StartingWeights extends StartingPoint {
  /** Puts the weights into a model of the same network, its head left as it is; then they are freed. */
  copyTo(model: LayersModel): Promise<void>
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
    async copyTo(model) {
      loadWeights(model, await exportWeights(trained.network), { ignoreHead: true })
      trained.dispose()
    },
  }
}
