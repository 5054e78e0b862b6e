// What the parts of a divided data set are called, in any case.

import type { Split } from '../dataset.ts'

/** Names of each part. */
export const partNames: Record<Split, readonly string[]> = {
  train: ['train', 'training', 'trainset'],
  validation: ['val', 'valid', 'validation', 'dev', 'eval', 'valset', 'devset'],
  test: ['test', 'testing', 'testset'],
}
const splits = Object.keys(partNames) as Split[]

/** The part that a name stands for. */
export const partOf = (name: string): Split | undefined =>
  splits.find((part) => partNames[part].includes(name.toLowerCase()))

/** The part that a word of the name stands for: `seg_train`, `Test Set`, `TrainingData`. */
export const partInWords = (name: string): Split | undefined =>
  name
    .replace(/(\p{Ll})(?=\p{Lu})/gu, '$1 ')
    .split(/[^\p{L}]+/u)
    .map(partOf)
    .find((part) => part !== undefined)
