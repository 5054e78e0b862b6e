import { shapes } from '@alexnet/data'
import { Command, Option } from 'commander'
import { describe, expect, it } from 'vitest'
import { addTrain } from '../arguments/train.ts'
import { given, optionGroups, type TrainOption, type TrainOptions } from './options.ts'
import { resumedSettings } from './resumed-settings.ts'
import type { RunSettings } from './run-settings.ts'
import { newSettings } from './settings.ts'

const rows = Object.values(optionGroups).flatMap(
  (group) => Object.entries(group) as [keyof TrainOptions, TrainOption<unknown>][],
)

const training = shapes({ count: 20, size: 32 })
const settingsOf = async (options: Partial<TrainOptions>) =>
  newSettings(
    'shapes:20',
    { out: 'run', ...options },
    { training, fingerprint: 'f' },
    await training.load(0),
    { versions: {} },
  )
const resume = (stored: RunSettings, options: Partial<TrainOptions>) =>
  resumedSettings(stored, { out: 'run', ...options }, 'f', 'run')

/** The options as commander makes them of a command line. */
function parsed(line: string): TrainOptions {
  const program = new Command()
  addTrain(program)
  const [train] = program.commands
  train!.action(() => {})
  program.parse(['train', 'shapes', ...line.split(' ').filter(Boolean)], { from: 'user' })
  return train!.opts() as TrainOptions
}

/** Two values of every option that decides numbers. */
const values: Partial<Record<keyof TrainOptions, [string, string]>> = {
  recipe: ['--recipe small', '--recipe cifar10'],
  variant: ['--variant lenet-5', '--variant cifar'],
  epochs: ['--epochs 3', '--epochs 4'],
  batchSize: ['--batch-size 3', '--batch-size 4'],
  optimizer: ['--optimizer sgd', '--optimizer adamw'],
  learningRate: ['--learning-rate 0.3', '--learning-rate 0.4'],
  schedule: ['--schedule cosine', '--schedule steps'],
  warmUp: ['--warm-up 1', '--warm-up 2'],
  momentum: ['--momentum 0.5', '--momentum 0.6'],
  weightDecay: ['--weight-decay 0.1', '--weight-decay 0.2'],
  labelSmoothing: ['--label-smoothing 0.1', '--label-smoothing 0.2'],
  augment: ['--augment paper', '--no-augment'],
  mixUp: ['--mix-up 0.1', '--mix-up 0.2'],
  cutMix: ['--cut-mix 0.1', '--cut-mix 0.2'],
  clipNorm: ['--clip-norm 1', '--clip-norm 2'],
  averageDecay: ['--average-decay 0.5', '--average-decay 0.6'],
  headEpochs: ['--head-epochs 1', '--head-epochs 2'],
  earlyStop: ['--early-stop 1', '--early-stop 2'],
  dropout: ['--dropout 0.1', '--dropout 0.2'],
  activation: ['--activation tanh', '--activation sigmoid'],
  inputSize: ['--input-size 32', '--input-size 33'],
  validation: ['--validation 0.2', '--validation 0.3'],
  limit: ['--limit 10', '--limit 11'],
  seed: ['--seed 1', '--seed 2'],
  onBroken: ['--on-broken stop', '--on-broken skip'],
  microBatch: ['--micro-batch 1', '--micro-batch 2'],
}

describe('the table of options', () => {
  it.each(rows)(
    "names %s as its flag does, and so that commander's value is the row's",
    (key, row) => {
      expect(new Option(row.flags).attributeName()).toBe(key)
      if (row.negation) expect(new Option(row.negation.flags).attributeName()).toBe(key)
    },
  )

  it('knows of each option whether a run may be resumed with another value', () => {
    const deciding = rows.filter(([, { resumed }]) => typeof resumed === 'function')
    // What --from names is opened before there are settings.
    expect(deciding.map(([key]) => key).sort()).toEqual([...Object.keys(values), 'from'].sort())
  })

  it.each(Object.entries(values))(
    'keeps %s, and resumes with the same alone',
    async (_, [one, other]) => {
      const stored = await settingsOf(parsed(one))
      expect(stored).not.toEqual(await settingsOf(parsed(other)))
      const [flag] = one.split(' ')
      expect(resume(stored, parsed(one))).toBe(stored)
      expect(resume(stored, parsed(''))).toBe(stored)
      expect(() => resume(stored, parsed(other))).toThrow(`${flag} was `)
    },
  )

  it.each([
    '--freeze a',
    '--layer-rate a=2',
    '--layer-decay a=0',
    '--no-normalization',
    '--no-overlapping-pooling',
  ])('keeps %s as it was', async (line) => {
    const stored = await settingsOf(parsed(line))
    expect(stored).not.toEqual(await settingsOf({}))
    expect(() => resume(stored, parsed(line))).toThrow(/--[\w-]+ stands as it was/)
    expect(resume(stored, parsed(''))).toBe(stored)
  })

  it('leaves open what is not given', async () => {
    expect(given({ out: 'run' }).map(({ value }) => value)).toEqual(['run'])
    const start = {
      options: { variant: 'cifar', dropout: 0.3, activation: 'tanh' } as const,
      preprocessing: (await settingsOf({ variant: 'cifar' })).preprocessing,
    }
    const { model } = newSettings(
      'shapes:20',
      parsed(''),
      { training, fingerprint: 'f' },
      await training.load(0),
      { start, versions: {} },
    )
    expect(model).toMatchObject({ dropout: 0.3, activation: 'tanh' })
  })
})

it("takes a recipe's mean of the weights away", async () => {
  const decay = async (line: string) =>
    (await settingsOf(parsed(`--recipe cifar10 ${line}`))).recipe.averageDecay
  expect([await decay(''), await decay('--average-decay 0')]).toEqual([0.999, undefined])
})

it("builds the network with a recipe's dropout, unless the command says otherwise", async () => {
  const dropout = async (line: string) => (await settingsOf(parsed(line))).model.dropout
  expect([
    await dropout('--recipe small'),
    await dropout('--recipe cifar10'),
    await dropout('--recipe cifar10 --dropout 0.2'),
  ]).toEqual([undefined, 0.5, 0.2])
})

describe('from trained weights', () => {
  const recipeOf = async (count: number, line: string) =>
    newSettings(
      'shapes',
      parsed(`--from cifar10 ${line}`),
      { training: shapes({ count, size: 32 }), fingerprint: 'f' },
      await training.load(0),
      {
        start: {
          options: { variant: 'cifar' },
          preprocessing: (await settingsOf({ variant: 'cifar' })).preprocessing,
        },
        versions: {},
      },
    ).recipe

  it('few pictures get more steps, unless the command says otherwise', async () => {
    expect(await recipeOf(1499, '')).toMatchObject({ name: 'fine-tune', epochs: 30, batchSize: 16 })
    expect(await recipeOf(1500, '')).toMatchObject({ name: 'fine-tune', epochs: 12, batchSize: 32 })
    expect(await recipeOf(20, '--epochs 3')).toMatchObject({ epochs: 3, batchSize: 16 })
    expect(await recipeOf(20, '--recipe fine-tune')).toMatchObject({ epochs: 12, batchSize: 32 })
  })
})
