// `--backend webgpu` as its users meet it: training, evaluating and classifying on a GPU or its software driver,
// and a run that begins on the processor, goes on on the GPU and ends on the processor.

import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { inspectWebGPU } from '@alexnet/backend-webgpu/node'
import { encodePng, shapes } from '@alexnet/data'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Classified } from './commands/classify.ts'
import { start, temporaryFolder } from './testing/run.ts'

const report = await inspectWebGPU({ software: true })
if (report.reason && process.env.REQUIRE_DEVICES)
  throw new Error(`REQUIRE_DEVICES skips no backend: ${report.reason}`)

/** Six steps an epoch, two epochs. */
const TRAINING =
  'train pictures --variant lenet-5 --batch-size 8 --epochs 2 --seed 3 --validation 0.2'

describe.skipIf(report.reason)(`on WebGPU${report.reason ? `: ${report.reason}` : ''}`, () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  /** Losses of the undisturbed run on the processor. */
  let expected: number[]

  /** Runs the command until it ends by itself, or interrupts it after so many steps. */
  async function alexnet(args: string, { stopAfter }: { stopAfter?: number } = {}) {
    let steps = 0
    const result = await start(args.split(' '), {
      cwd: folder.path,
      env: { ALEXNET_WEBGPU_SOFTWARE: '1' },
      onStdout: (text, child) => {
        const before = steps
        steps += text.split('"type":"step"').length - 1
        if (stopAfter && before < stopAfter && steps >= stopAfter) child.kill('SIGINT')
      },
    })
    expect(result.code, result.stderr).toBe(stopAfter === undefined ? 0 : 130)
    return result
  }

  /** Step and loss of every step that a run told. */
  const losses = (stdout: string) =>
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; step: number; loss: number })
      .filter(({ type }) => type === 'step')

  beforeAll(async () => {
    folder = await temporaryFolder()
    const dataset = shapes({ count: 60, seed: 5 })
    for (let index = 0; index < 60; index++) {
      const label = dataset.classes[dataset.label(index)]!
      await mkdir(join(folder.path, 'pictures', label), { recursive: true })
      const picture = await encodePng(await dataset.load(index))
      await writeFile(join(folder.path, 'pictures', label, `${index}.png`), picture)
    }
    const whole = await alexnet(`${TRAINING} --out whole --json`)
    expected = losses(whole.stdout).map(({ loss }) => loss)
    expect(expected.length).toBeGreaterThan(8)
  })
  afterAll(() => folder.remove())

  it('a run changes from the processor to the GPU and back, and tells the same losses', async () => {
    const goOn = 'train pictures --out moved --resume --json'
    const parts = [
      await alexnet(`${TRAINING} --out moved --json`, { stopAfter: 2 }),
      await alexnet(`${goOn} --backend webgpu`, { stopAfter: 2 }),
      await alexnet(goOn),
    ]
    const onGPU = losses(parts[1]!.stdout)
    expect(onGPU.length).toBeGreaterThan(0)
    const all = parts.flatMap(({ stdout }) => losses(stdout))
    expect(all.map(({ step }) => step)).toEqual(expected.map((_, i) => i + 1))
    for (const [i, { loss }] of all.entries()) {
      expect(Math.abs(loss - expected[i]!) / expected[i]!).toBeLessThan(1e-3)
    }
  })

  it('classifies with the int8 weights of a file as the processor does', async () => {
    await alexnet('convert whole small.safetensors --quantize int8')
    const [picture] = (await readdir(join(folder.path, 'pictures', 'circle'))).sort()
    const line = `classify pictures/circle/${picture} -w small.safetensors --keep-int8 --json`
    const [onGPU, onCPU] = await Promise.all(
      [`${line} --backend webgpu`, line].map(async (args) => {
        const [row] = JSON.parse((await alexnet(args)).stdout) as Classified[]
        return row!.top
      }),
    )
    expect(onGPU!.map(({ label }) => label)).toEqual(onCPU!.map(({ label }) => label))
    for (const [i, { probability }] of onGPU!.entries()) {
      expect(probability).toBeCloseTo(onCPU![i]!.probability, 5)
    }
  })

  it('trains from the start, evaluates and classifies as the processor does', async () => {
    const run = await alexnet(`${TRAINING} --out fresh --json --backend webgpu`)
    const own = losses(run.stdout).map(({ loss }) => loss)
    expect(own).toHaveLength(expected.length)
    own.forEach((loss, i) => {
      expect(Math.abs(loss - expected[i]!) / expected[i]!).toBeLessThan(1e-3)
    })

    const both = async (args: string) => {
      const here = JSON.parse((await alexnet(`${args} --json`)).stdout)
      const there = JSON.parse((await alexnet(`${args} --json --backend webgpu`)).stdout)
      return [here, there]
    }
    const [metrics, onGPU] = await both('evaluate pictures --weights fresh')
    expect(onGPU.top1).toBe(metrics.top1)
    expect(onGPU.loss / metrics.loss).toBeCloseTo(1, 3)

    const drawn = shapes({ count: 1, seed: 5 })
    const picture = join('pictures', drawn.classes[drawn.label(0)]!, '0.png')
    const [named, namedOnGPU] = await both(`classify ${picture} --weights fresh`)
    const flat = (value: unknown): unknown[] =>
      value !== null && typeof value === 'object' ? Object.values(value).flatMap(flat) : [value]
    const [values, valuesOnGPU] = [flat(named), flat(namedOnGPU)]
    expect(values.length).toBeGreaterThan(4)
    expect(valuesOnGPU).toHaveLength(values.length)
    values.forEach((value, i) => {
      if (typeof value === 'number') expect(valuesOnGPU[i]).toBeCloseTo(value, 3)
      else expect(valuesOnGPU[i]).toEqual(value)
    })
  })

  it('refuses what is about the processor', async () => {
    const result = await start('train pictures --out x --backend webgpu --threads 2'.split(' '), {
      cwd: folder.path,
    })
    expect(result).toMatchObject({ code: 2, stderr: expect.stringMatching(/--threads/) })
  })
})
