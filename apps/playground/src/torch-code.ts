// A table of @alexnet/core as the calls that it was written by, and as the modules of PyTorch that it stands for.
import type { Architecture, LayerRecord, LearnedLayer } from './engine/tables.ts'

/** A layer in both; `theirs` is undefined where PyTorch has no module for it. */
export interface CodeLine {
  /** `features.0` */
  name: string
  ours: string
  theirs: string | undefined
}

/** The layers in their order. */
export function codeLines(
  { features, avgpool, classifier, classes }: Architecture,
  layers: readonly LearnedLayer[],
): CodeLine[] {
  const line = (name: string, record: LayerRecord): CodeLine => ({
    name,
    ours: ours(record),
    theirs: theirs(
      record,
      layers.find((layer) => layer.name === name),
      classes,
    ),
  })
  return [
    ...features.map((record, index) => line(`features.${index}`, record)),
    ...(avgpool ? [line('avgpool', avgpool)] : []),
    ...classifier.map((record, index) => line(`classifier.${index}`, record)),
  ]
}

/** A module of PyTorch with these layers; undefined where it has none for one of them. */
export function torchCode(lines: readonly CodeLine[]): string | undefined {
  if (lines.some(({ theirs }) => theirs === undefined)) return undefined
  const part = (prefix: string) =>
    lines
      .filter(({ name }) => name.startsWith(prefix))
      .map(({ theirs }) => `            ${theirs},`)
      .join('\n')
  const pool = lines.find(({ name }) => name === 'avgpool')
  return `import torch
from torch import nn


class AlexNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
${part('features')}
        )
${pool ? `        self.avgpool = ${pool.theirs}\n` : ''}        self.classifier = nn.Sequential(
${part('classifier')}
        )

    def forward(self, x):
        x = self.features(x)
${pool ? '        x = self.avgpool(x)\n' : ''}        return self.classifier(torch.flatten(x, 1))
`
}

function ours(record: LayerRecord): string {
  switch (record.kind) {
    case 'convolution': {
      const { filters, size, stride, padding, groups, ceilMode } = record
      const options = Object.entries({ stride, padding, groups, ceilMode })
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => `${key}: ${value}, `)
      return `convolution(${filters}, ${size}, { ${options.join('')}initial })`
    }
    case 'linear':
      return `linear(${record.units === 'classes' ? "'classes'" : record.units}, initial)`
    case 'activation':
      return `activation('${record.activation}')`
    case 'dropout':
      return `dropout(${record.rate})`
    case 'max-pooling':
      return `maxPooling(${record.size}, ${record.stride}${record.ceilMode ? ', { ceilMode: true }' : ''})`
    case 'average-pooling':
      return `averagePooling(${record.size}, ${record.stride}${record.ceilMode ? ', { ceilMode: true }' : ''})`
    default: {
      const { kind, ...options } = record
      const fields = Object.entries(options).map(([key, value]) => `${key}: ${value}`)
      return `{ kind: '${kind}', ${fields.join(', ')} }`
    }
  }
}

const activations = { relu: 'nn.ReLU()', sigmoid: 'nn.Sigmoid()', tanh: 'nn.Tanh()' } as const

function theirs(
  record: LayerRecord,
  learned: LearnedLayer | undefined,
  classes: number,
): string | undefined {
  switch (record.kind) {
    case 'convolution': {
      const { filters, size, stride, padding, groups = 1, ceilMode } = record
      if (ceilMode) return undefined
      const options = Object.entries({ stride, padding, groups: groups > 1 ? groups : undefined })
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => `, ${key}=${value}`)
      return `nn.Conv2d(${learned!.weight[1]! * groups}, ${filters}, ${size}${options.join('')})`
    }
    case 'linear':
      return `nn.Linear(${learned!.weight[1]}, ${record.units === 'classes' ? classes : record.units})`
    case 'activation':
      return activations[record.activation]
    case 'dropout':
      return `nn.Dropout(${record.rate})`
    case 'max-pooling':
    case 'average-pooling': {
      const name = record.kind === 'max-pooling' ? 'MaxPool2d' : 'AvgPool2d'
      return `nn.${name}(${record.size}, ${record.stride}${record.ceilMode ? ', ceil_mode=True' : ''})`
    }
    case 'adaptive-average-pooling':
      return `nn.AdaptiveAvgPool2d(${record.size})`
    case 'local-response-normalization': {
      const { size, alpha, beta, bias, groups = 1 } = record
      // PyTorch divides alpha by the size.
      const ofPyTorch = Number((alpha * size).toPrecision(12))
      return groups > 1
        ? undefined
        : `nn.LocalResponseNorm(${size}, alpha=${ofPyTorch}, beta=${beta}, k=${bias})`
    }
    default:
      return undefined
  }
}
