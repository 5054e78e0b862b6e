// The code that the page writes, against torchvision's own source: torchvision/models/alexnet.py of 0.14, its modules in their
// order (without `inplace` and with its defaults filled in).
import { expect, it } from 'vitest'
import { tableOf } from './engine/tables.ts'
import { codeLines, torchCode } from './torch-code.ts'

const linesOf = (variant: string) => {
  const { architecture, layers } = tableOf(variant)
  return codeLines(architecture, layers)
}

it('writes torchvision’s alexnet', () => {
  expect(linesOf('torchvision').map(({ name, theirs }) => `${name} ${theirs}`)).toEqual([
    'features.0 nn.Conv2d(3, 64, 11, stride=4, padding=2)',
    'features.1 nn.ReLU()',
    'features.2 nn.MaxPool2d(3, 2)',
    'features.3 nn.Conv2d(64, 192, 5, padding=2)',
    'features.4 nn.ReLU()',
    'features.5 nn.MaxPool2d(3, 2)',
    'features.6 nn.Conv2d(192, 384, 3, padding=1)',
    'features.7 nn.ReLU()',
    'features.8 nn.Conv2d(384, 256, 3, padding=1)',
    'features.9 nn.ReLU()',
    'features.10 nn.Conv2d(256, 256, 3, padding=1)',
    'features.11 nn.ReLU()',
    'features.12 nn.MaxPool2d(3, 2)',
    'avgpool nn.AdaptiveAvgPool2d(6)',
    'classifier.0 nn.Dropout(0.5)',
    'classifier.1 nn.Linear(9216, 4096)',
    'classifier.2 nn.ReLU()',
    'classifier.3 nn.Dropout(0.5)',
    'classifier.4 nn.Linear(4096, 4096)',
    'classifier.5 nn.ReLU()',
    'classifier.6 nn.Linear(4096, 1000)',
  ])
})

it('writes groups, and normalisation by PyTorch’s measure', () => {
  const lines = linesOf('paper')
  expect(lines[4]).toEqual({
    name: 'features.4',
    ours: 'convolution(256, 5, { padding: 2, groups: 2, initial })',
    theirs: 'nn.Conv2d(96, 256, 5, padding=2, groups=2)',
  })
  expect(lines[2]!.theirs).toBe('nn.LocalResponseNorm(5, alpha=0.0005, beta=0.75, k=2)')
  expect(torchCode(lines)).toContain('self.classifier = nn.Sequential(\n            nn.Linear(9216')
})

it('writes no module where PyTorch has none', () => {
  expect(torchCode(linesOf('cuda-convnet-18pct'))).toBe(undefined)
})
