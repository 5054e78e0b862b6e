// The variants by name.
import { distance } from 'fastest-levenshtein'
import type { Architecture } from '../architecture.ts'
import { OptionError, show } from '../errors.ts'
import { caffe } from './caffe.ts'
import { caffenet } from './caffenet.ts'
import { cifar } from './cifar.ts'
import { krizhevsky2012 } from './krizhevsky-2012.ts'
import { lenet5 } from './lenet-5.ts'
import { paper } from './paper.ts'
import { torchvision } from './torchvision.ts'

/** Every variant's table. */
export const architectures = {
  torchvision,
  paper,
  'krizhevsky-2012': krizhevsky2012,
  caffe,
  caffenet,
  cifar,
  'lenet-5': lenet5,
} satisfies Record<string, Architecture>

/** Name of a variant. */
export type Variant = keyof typeof architectures

/** The table of the variant `name`; OptionError with the nearest names when there is none. */
export function getArchitecture(name: string): Architecture {
  if (Object.hasOwn(architectures, name)) return architectures[name as Variant]
  const names = Object.keys(architectures)
  throw new OptionError(`there is no variant ${show(name)}: ${suggestion(name, names)}`)
}

/** The names that `name` may have been meant to be, nearest first, or all of them when none is near. */
export function suggestion(name: unknown, names: readonly string[]): string {
  const text = String(name).toLowerCase()
  const near = names
    .map((candidate) => ({ candidate, edits: distance(text, candidate.toLowerCase()) }))
    .filter(
      ({ candidate, edits }) =>
        edits <= Math.max(2, candidate.length / 2) || (text.length > 2 && candidate.includes(text)),
    )
    .sort((a, b) => a.edits - b.edits)
    .slice(0, 3)
  if (near.length === 0) return `choose one of ${names.join(', ')}`
  return `did you mean ${near.map(({ candidate }) => candidate).join(' or ')}?`
}
