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
  /** What it takes: [height, width, channels] or [units]. */
  input: readonly number[]
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
  const inputs = inputsOf(architecture)
  for (const [key, weight] of weightShapes(architecture)) {
    if (!key.endsWith('.weight')) continue
    const name = key.slice(0, -'.weight'.length)
    const record = recordNamed(architecture, name)
    const groups = record.kind === 'convolution' ? (record.groups ?? 1) : 1
    const parameters = weight.reduce((product, length) => product * length, 1) + weight[0]!
    layers.push({ name, weight, groups, input: inputs.get(name)!, parameters })
  }
  const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0)
  return { architecture, layers, parameters, variants: Object.keys(architectures) }
}

function recordNamed(architecture: Architecture, name: string): LayerRecord {
  const [part, index] = name.split('.')
  return architecture[part === 'features' ? 'features' : 'classifier'][Number(index)]!
}

/** What each layer that learns takes, by its name. */
function inputsOf({ features, classifier, inputSize }: Architecture): Map<string, number[]> {
  const inputs = new Map<string, number[]>()
  let [side, channels] = [inputSize, 3]
  for (const [index, record] of features.entries()) {
    if (record.kind === 'convolution') {
      inputs.set(`features.${index}`, [side, side, channels])
      side = windows(side + 2 * (record.padding ?? 0), record)
      channels = record.filters
    } else if (record.kind === 'max-pooling' || record.kind === 'average-pooling') {
      side = windows(side, record)
    } else if (record.kind === 'adaptive-average-pooling') side = record.size
  }
  let units = side * side * channels
  for (const [index, record] of classifier.entries()) {
    if (record.kind !== 'linear') continue
    inputs.set(`classifier.${index}`, [units])
    if (record.units !== 'classes') units = record.units
  }
  return inputs
}

/** How many windows fit along a side. */
function windows(
  length: number,
  { size, stride = 1, ceilMode }: { size: number; stride?: number; ceilMode?: boolean },
): number {
  const count = (length - size) / stride
  return (ceilMode ? Math.ceil(count) : Math.floor(count)) + 1
}
