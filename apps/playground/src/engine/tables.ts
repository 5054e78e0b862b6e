// The variants of the network as tables, for the page to count and to write out.
import { architectures, getArchitecture, weightShapes } from '@alexnet/core'
import type { Architecture, LayerRecord } from '@alexnet/core/architectures'

export type { Architecture, LayerRecord }

/** A layer that learns. */
export interface LearnedLayer {
  /** `features.0` */
  name: string
  /** [filters, channels that one sees, height, width] or [units, inputs]. */
  weight: readonly number[]
  groups: number
  /** Weights and biases. */
  parameters: number
}

export interface VariantTable {
  architecture: Architecture
  layers: LearnedLayer[]
  parameters: number
  /** Names of all variants. */
  variants: string[]
}

/** @throws OptionError where there is no variant of that name */
export function tableOf(variant: string): VariantTable {
  const architecture = getArchitecture(variant)
  const layers: LearnedLayer[] = []
  for (const [key, weight] of weightShapes(architecture)) {
    if (!key.endsWith('.weight')) continue
    const name = key.slice(0, -'.weight'.length)
    const record = recordNamed(architecture, name)
    const groups = record.kind === 'convolution' ? (record.groups ?? 1) : 1
    const parameters = weight.reduce((product, length) => product * length, 1) + weight[0]!
    layers.push({ name, weight, groups, parameters })
  }
  const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0)
  return { architecture, layers, parameters, variants: Object.keys(architectures) }
}

function recordNamed(architecture: Architecture, name: string): LayerRecord {
  const [part, index] = name.split('.')
  return architecture[part === 'features' ? 'features' : 'classifier'][Number(index)]!
}
