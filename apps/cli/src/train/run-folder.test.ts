import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cifarEval } from '@alexnet/data'
import { recipes } from '@alexnet/train'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { UsageError } from '../terminal/errors.ts'
import { encodeSettings } from './resumed-settings.ts'
import { RunFolder } from './run-folder.ts'
import type { RunSettings } from './run-settings.ts'

let parent: string
let folder: RunFolder
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'alexnet-run-'))
  folder = new RunFolder(join(parent, 'runs/one'))
})
afterEach(() => rm(parent, { recursive: true }))

const inFolder = (name: string) => join(folder.path, name)
const settings: RunSettings = {
  format: 2,
  dataset: 'shapes:10',
  fingerprint: 'f',
  recipe: { ...recipes.small, name: 'small', variant: 'lenet-5', augmentation: 'none' },
  from: null,
  model: { variant: 'lenet-5', classes: 2, inputSize: 32, seed: 0 },
  labels: ['a', 'b'],
  preprocessing: cifarEval().preprocessing,
  microBatch: null,
  validation: 0.1,
  limit: null,
  seed: 0,
  versions: {},
}
const checkpoint = (step: number) => ({
  tensors: new Map([
    ['w', { dtype: 'float32' as const, shape: [2], data: Float32Array.of(step, 1) }],
  ]),
  metadata: { training: JSON.stringify({ step }) },
})
const save = (step: number, keep = 2, of = settings) =>
  folder.saveCheckpoint(checkpoint(step), of, { step, keep })
const checkpoints = async () => (await readdir(inFolder('checkpoints'))).sort()

/** What is read, and what is warned of. */
async function restored() {
  const warnings: string[] = []
  const found = await folder.readCheckpoint(settings, (text) => warnings.push(text))
  return { step: found && JSON.parse(found.metadata.training!).step, warnings: warnings.join() }
}

describe('run.json', () => {
  const read = async (text: string) => {
    await mkdir(folder.path, { recursive: true })
    await writeFile(inFolder('run.json'), text)
    return folder.readSettings()
  }
  const whole = encodeSettings(settings)
  const edited = (change: (parsed: Record<string, unknown>) => void, isSigned = false) => {
    const parsed = JSON.parse(whole)
    change(parsed)
    if (!isSigned) delete parsed.sha256
    return JSON.stringify(parsed)
  }

  it('is read as it was written, also without a checksum, as earlier versions wrote it', async () => {
    expect(await read(whole)).toEqual(settings)
    expect(await read(edited(() => {}))).toEqual(settings)
  })

  it.each([
    '',
    '{',
    'null',
    '7',
    '"x"',
    '[]',
    '[{}]',
    '{}',
    '{"format":2}',
    '{"format":"x"}',
    '\0',
  ])('that is %j is one clear line', async (text) => {
    await expect(read(text)).rejects.toThrow(UsageError)
    await expect(read(text)).rejects.toThrow(/^[^\n]*run\.json [^\n]+$/)
  })

  it('that is cut off anywhere, or has lost or changed any part, is one clear line', async () => {
    const texts = Array.from({ length: 20 }, (_, part) =>
      whole.slice(0, Math.floor((part * (whole.length - 3)) / 20)),
    )
    for (const key of Object.keys(settings)) {
      texts.push(edited((parsed) => delete parsed[key]))
      for (const value of [undefined, null, 7, -1, 'x', [], {}, [7], true]) {
        const same = JSON.stringify(value) === JSON.stringify(settings[key as keyof RunSettings])
        if (!same) texts.push(edited((parsed) => Object.assign(parsed, { [key]: value }), true))
      }
    }
    for (const text of texts) {
      const error = await read(text).then(
        () => text,
        (reason) => reason,
      )
      expect(error).toBeInstanceOf(UsageError)
      expect(error.message).toMatch(/run\.json [^\n]+$/)
    }
  })

  it('with another learning rate or seed is not taken for what the run began with', async () => {
    await expect(
      read(edited((parsed) => Object.assign(parsed, { seed: 1 }), true)),
    ).rejects.toThrow(
      /run\.json is not as it was written \(its checksum is another\): put the file back/,
    )
  })
})

describe('the folder', () => {
  it('is for one process at a time, and goes again when nothing came of it', async () => {
    const release = await folder.hold()
    await expect(folder.hold()).rejects.toThrow(
      `${folder.path} is being trained by process ${process.pid}: wait until it is done`,
    )
    await release()
    expect(await readdir(parent)).toEqual([])
  })

  it('stays when something is in it, without what killed processes have left', async () => {
    await save(3)
    for (const name of ['.model.safetensors.1f.tmp', 'checkpoints/.step-1.safetensors.x.tmp']) {
      await writeFile(inFolder(name), 'half')
    }
    await (await folder.hold())()
    expect(await readdir(folder.path)).toEqual(['checkpoints'])
    expect(await checkpoints()).toEqual(['step-00000003.safetensors'])
  })

  const own = ['run.json', 'log.jsonl', 'model.safetensors', 'report.html']
  it.skipIf(process.platform === 'win32').each([...own, 'checkpoints/step-00000009.safetensors'])(
    'with something else than a file as %s is refused at once',
    async (name) => {
      await save(3)
      for (const [make, kind] of [
        ['mkdir', 'a folder'],
        ['mkfifo', 'a pipe'],
      ] as const) {
        await promisify(execFile)(make, [inFolder(name)])
        await expect(folder.hold()).rejects.toThrow(
          `${inFolder(name)} is ${kind}, not the file of a run: move it away`,
        )
        await rm(inFolder(name), { recursive: true })
        await (await folder.hold())()
      }
    },
  )

  it.each(['checkpoints', 'tensorboard'])('with a file as %s is refused at once', async (name) => {
    await mkdir(folder.path, { recursive: true })
    await writeFile(inFolder(name), '')
    await expect(folder.hold()).rejects.toThrow(`${inFolder(name)} is no folder`)
  })
})

describe('checkpoints', () => {
  it('are the last ones of a run, whatever lies there from later steps', async () => {
    for (const step of [1, 2, 90, 3]) await save(step)
    expect(await checkpoints()).toEqual(['step-00000002.safetensors', 'step-00000003.safetensors'])
    await save(4, 1)
    expect(await checkpoints()).toEqual(['step-00000004.safetensors'])
    expect(await restored()).toEqual({ step: 4, warnings: '' })
  })

  it('under the name of another step, or cut off, are passed over', async () => {
    for (const step of [1, 2, 3]) await save(step, 3)
    const bytes = await readFile(inFolder('checkpoints/step-00000001.safetensors'))
    await writeFile(inFolder('checkpoints/step-99999999.safetensors'), bytes)
    await writeFile(inFolder('checkpoints/step-00000003.safetensors'), bytes.subarray(0, 99))
    const { step, warnings } = await restored()
    expect(step).toBe(2)
    expect(warnings).toMatch(/step-99999999\.safetensors: it is of step 1, not of its name's/)
    expect(warnings).toMatch(/step-00000003\.safetensors: truncated/)
  })

  it('of another run are not gone on from', async () => {
    await save(1, 2, { ...settings, seed: 1 })
    await expect(restored()).rejects.toThrow(/none of its checkpoints can be used/)
    await save(2)
    expect((await restored()).step).toBe(2)
  })
})
