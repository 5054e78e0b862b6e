import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'
import { createProgram } from './program.ts'
import type { Settings } from './settings.ts'

async function parse(...args: string[]): Promise<Settings> {
  let found: Settings | undefined
  const program = createProgram(async (settings) => {
    found = settings
  })
  for (const command of [program, ...program.commands]) {
    command.configureOutput({ writeErr: () => {}, writeOut: () => {} })
  }
  await program.parseAsync(args, { from: 'user' })
  return found!
}

describe('the command line', () => {
  it('has defaults for everything', async () => {
    expect(await parse('infer')).toEqual({
      task: 'infer',
      variant: 'torchvision',
      batches: [1, 8, 32],
      rounds: 11,
      threads: availableParallelism(),
      builds: [],
      weights: [],
      widen: false,
      scaling: false,
      json: false,
    })
    expect(await parse('train')).toMatchObject({ batches: [16, 64], rounds: 7 })
    expect(await parse('memory')).toMatchObject({ batches: [64], rounds: 3 })
    expect(await parse('browser')).toMatchObject({ batches: [32] })
  })

  it('reads every option', async () => {
    const args =
      'infer --variant cifar --size 32 --batch 1,4 --threads 3 --peers ort-web,pytorch --rounds 2 --builds simd,relaxed-simd --widen --scaling --python /opt/python --json --record a.md'
    expect(await parse(...args.split(' '))).toEqual({
      task: 'infer',
      variant: 'cifar',
      size: 32,
      batches: [1, 4],
      threads: 3,
      rounds: 2,
      peers: ['ort-web', 'pytorch'],
      builds: ['simd', 'relaxed-simd'],
      widen: true,
      scaling: true,
      weights: [],
      python: '/opt/python',
      json: true,
      record: 'a.md',
    })
    expect((await parse('kernels', '--layers', 'classifier')).layers).toBe('classifier')
    expect((await parse('browser', '--chromium', '/opt/chromium')).chromium).toBe('/opt/chromium')
  })

  it('knows no peers and all peers', async () => {
    expect((await parse('infer', '--peers', 'none')).peers).toEqual([])
    expect((await parse('infer', '--peers', 'all')).peers).toContain('jax-js')
  })

  it.each([
    ['infer', '--peers', 'tensorflow'],
    ['infer', '--batch', '0'],
    ['infer', '--batch', '1,,2'],
    ['infer', '--threads', 'two'],
    ['infer', '--rounds', ''],
    ['browser', '--widen'],
    ['dawn', '--gpu'],
    ['any', '--networks', 'vgg'],
    ['any', '--peers', 'pytorch'],
    ['webgl', '--work', 'both', '--rounds', '0'],
    ['race'],
  ])('refuses %s %s %s', async (...args) => {
    await expect(parse(...args)).rejects.toMatchObject({ name: 'CommanderError', exitCode: 1 })
  })
})
