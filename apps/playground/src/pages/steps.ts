// The steps of the tour: what stands beside each text, and which guess is right. The texts are in text/tour-*.ts.
import type { BundledName } from '../engine/bundled.ts'
import type { LayerInfo } from '../engine/protocol.ts'

export interface Step {
  name:
    | 'lenet'
    | 'eight'
    | 'conv1'
    | 'deep'
    | 'pooling'
    | 'groups'
    | 'counting'
    | 'relu'
    | 'lrn'
    | 'dropout'
    | 'augmentation'
    | 'code'
  answer: Guess
  /** What is shown beside the text, in this order. */
  views: readonly ('parameters' | 'functions' | 'half' | 'cuts' | 'code' | 'inside')[]
  model: BundledName
  /** The layer that is looked at. */
  layer?: (layers: readonly LayerInfo[]) => LayerInfo | undefined
}

export const guesses = ['a', 'b', 'c'] as const
export type Guess = (typeof guesses)[number]

const firstOf = (kind: string) => (layers: readonly LayerInfo[]) =>
  layers.find((layer) => layer.kind === kind)
const lastOf = (kind: string) => (layers: readonly LayerInfo[]) =>
  layers.findLast((layer) => layer.kind === kind)

export const steps: readonly Step[] = [
  { name: 'lenet', answer: 'a', views: ['inside'], model: 'shapes' },
  { name: 'eight', answer: 'b', views: ['inside'], model: 'cifar10-int8' },
  {
    name: 'conv1',
    answer: 'b',
    views: ['inside'],
    model: 'cifar10-int8',
    layer: firstOf('convolution'),
  },
  {
    name: 'deep',
    answer: 'b',
    views: ['inside'],
    model: 'cifar10-int8',
    layer: lastOf('convolution'),
  },
  {
    name: 'pooling',
    answer: 'a',
    views: ['inside'],
    model: 'cifar10-int8',
    layer: firstOf('max-pooling'),
  },
  { name: 'groups', answer: 'a', views: ['parameters'], model: 'cifar10-int8' },
  { name: 'counting', answer: 'b', views: ['parameters'], model: 'cifar10-int8' },
  {
    name: 'relu',
    answer: 'a',
    views: ['functions', 'inside'],
    model: 'cifar10-int8',
    layer: firstOf('relu'),
  },
  {
    name: 'lrn',
    answer: 'b',
    views: ['inside'],
    model: 'shapes-paper',
    layer: firstOf('local-response-normalization'),
  },
  { name: 'dropout', answer: 'a', views: ['half'], model: 'cifar10-int8' },
  { name: 'augmentation', answer: 'c', views: ['cuts'], model: 'cifar10-int8' },
  { name: 'code', answer: 'c', views: ['code'], model: 'cifar10-int8' },
]
