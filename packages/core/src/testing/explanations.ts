// The small network of fixtures/explanations.json and PyTorch's numbers for it. For tests only.
import { readFileSync } from 'node:fs'
import type * as tf from '@tensorflow/tfjs'
import {
  type Architecture,
  activation,
  convolution,
  dropout,
  linear,
  maxPooling,
} from '../architecture.ts'
import { cifarPreparation } from '../architectures/preparations.ts'
import { buildModel } from '../build.ts'
import { pytorchDefault as initial } from '../initializers.ts'
import { loadWeights } from '../weights.ts'

export interface Packed {
  shape: number[]
  /** float32, little-endian, base64. */
  data: string
}

const file = new URL('../../fixtures/explanations.json', import.meta.url)

/** PyTorch's numbers: scripts/make-explain-fixtures.py says how each was made. */
export const fixture = JSON.parse(readFileSync(file, 'utf8'))

export function unpack({ data }: Packed): Float32Array {
  const bytes = Buffer.from(data, 'base64')
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4).slice()
}

const architecture: Architecture = {
  name: 'explained',
  description: "all of AlexNet's parts at 16×16 pixels",
  inputSize: 16,
  preparation: cifarPreparation,
  classes: 5,
  features: [
    convolution(6, 5, { padding: 2, initial }),
    activation('relu'),
    { kind: 'local-response-normalization', size: 5, alpha: 0.02, beta: 0.75, bias: 2 },
    maxPooling(3, 2, { ceilMode: true }),
    convolution(8, 3, { padding: 1, groups: 2, initial }),
    activation('relu'),
    maxPooling(3, 2, { ceilMode: true }),
  ],
  classifier: [dropout(0.5), linear(16, initial), activation('relu'), linear('classes', initial)],
}

/** The network with the fixture's weights; `activation` replaces its ReLUs. */
export function explainedModel(options: { activation?: 'tanh' } = {}): tf.LayersModel {
  const model = buildModel(architecture, options)
  const weights = Object.entries(fixture.weights as Record<string, Packed>).map(
    ([name, packed]) =>
      [name, { dtype: 'float32', shape: packed.shape, data: unpack(packed) }] as const,
  )
  loadWeights(model, new Map(weights))
  return model
}

/** The fixture's prepared pictures. */
export function pictures(): Float32Array[] {
  const all = unpack(fixture.pictures)
  const length = 16 * 16 * 3
  return Array.from({ length: all.length / length }, (_, i) =>
    all.slice(i * length, (i + 1) * length),
  )
}
