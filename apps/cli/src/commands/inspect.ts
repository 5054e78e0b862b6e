// alexnet inspect: the layer table of a variant, or of the network that a weight file holds.

import {
  createAlexNet,
  describeModel,
  formatDescription,
  getArchitecture,
  type Variant,
} from '@alexnet/core'
import { startBackend } from '../backend.ts'
import { loadModel } from '../model.ts'
import { refuseTogether } from '../terminal/errors.ts'
import { print, printJson } from '../terminal/print.ts'

export interface InspectOptions {
  variant?: string
  weights?: string
  classes?: number
  inputSize?: number
  json?: boolean
}

export async function inspect(options: InspectOptions): Promise<void> {
  refuseTogether(options, 'weights', 'classes')
  refuseTogether(options, 'weights', 'inputSize')
  await startBackend({ threads: 1 })
  const { classes, inputSize, variant = 'torchvision' } = options
  const model = options.weights
    ? (await loadModel(options.weights, { ...options, quiet: options.json })).network
    : createAlexNet({
        variant: getArchitecture(variant).name as Variant,
        initialize: false,
        classes,
        inputSize,
      })
  const description = describeModel(model)
  if (options.json) printJson(description, 2)
  else print(...formatDescription(description).split('\n'))
}
