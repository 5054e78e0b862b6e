// The folder of a training run: what was asked for, the last checkpoints, the best model, the log.
// Every file but the logs is replaced as a whole and checkpoints are checked by their hash when they are
// read, so a run killed at any moment goes on from the last whole one.

import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Checkpoint, StoredCheckpoint } from '@alexnet/train'
import { bytesOf, type StoredTensor } from '@alexnet/weights'
import { readCheckpointFile, replaceFile, saveSafetensors } from '@alexnet/weights/node'
import { MODEL_FILE } from '../model.ts'
import { UsageError } from '../terminal/errors.ts'
import { readSettings } from './resumed-settings.ts'
import type { RunSettings } from './settings.ts'

const SETTINGS_FILE = 'run.json'
const CHECKPOINTS = 'checkpoints'
/** Where the only checkpoint was before there was a folder of them. */
const OLD_CHECKPOINT = 'checkpoint.safetensors'
/** Key of a checkpoint's metadata. */
const HASH = 'sha256'

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

export class RunFolder {
  readonly path: string
  constructor(path: string) {
    this.path = path
  }

  get modelPath(): string {
    return join(this.path, MODEL_FILE)
  }

  get logPath(): string {
    return join(this.path, 'log.jsonl')
  }

  get reportPath(): string {
    return join(this.path, 'report.html')
  }

  holdsRun(): Promise<boolean> {
    return exists(join(this.path, SETTINGS_FILE))
  }

  saveSettings(settings: RunSettings): Promise<void> {
    const text = `${JSON.stringify(settings, null, 2)}\n`
    return replaceFile(join(this.path, SETTINGS_FILE), [new TextEncoder().encode(text)])
  }

  /** @throws UsageError when the folder holds no run, or its settings cannot be read. */
  async readSettings(): Promise<RunSettings> {
    const path = join(this.path, SETTINGS_FILE)
    if (!(await this.holdsRun())) {
      throw new UsageError(`${this.path} holds no run to resume: leave --resume out to start one`)
    }
    return readSettings(await readFile(path, 'utf8'), path)
  }

  /** Saves a checkpoint beside the last ones, then removes all but the last `keep`. */
  async saveCheckpoint({ tensors, metadata }: Checkpoint, step: number, keep: number) {
    const name = `step-${String(step).padStart(8, '0')}.safetensors`
    const hash = hashOf(tensors, metadata)
    await saveSafetensors(join(this.path, CHECKPOINTS, name), tensors, {
      ...metadata,
      [HASH]: hash,
    })
    const surplus = (await this.#checkpoints()).slice(keep)
    for (const old of surplus) await rm(old, { force: true })
  }

  /**
   * The last checkpoint that is whole, or undefined where there is none yet.
   *
   * @param warn told of each that is damaged
   * @throws UsageError when there are checkpoints and all are damaged
   */
  async readCheckpoint(warn: (text: string) => void): Promise<StoredCheckpoint | undefined> {
    const paths = await this.#checkpoints()
    for (const path of paths) {
      const problem = await readWhole(path)
      if (typeof problem !== 'string') return problem
      warn(`${path}: ${problem}; going on from the one before`)
    }
    if (paths.length === 0) return undefined
    throw new UsageError(`${this.path}: none of its checkpoints is whole: start anew elsewhere`)
  }

  /** Path of the last checkpoint, or undefined where there is none yet. */
  async lastCheckpoint(): Promise<string | undefined> {
    return (await this.#checkpoints())[0]
  }

  /** Paths of the checkpoints, last first. */
  async #checkpoints(): Promise<string[]> {
    const folder = join(this.path, CHECKPOINTS)
    const names = await readdir(folder).catch((): string[] => [])
    const own = names.filter((name) => /^step-\d+\.safetensors$/.test(name)).sort()
    const paths = own.reverse().map((name) => join(folder, name))
    const old = join(this.path, OLD_CHECKPOINT)
    return (await exists(old)) ? [...paths, old] : paths
  }
}

/** A checkpoint, or what is wrong with it. */
async function readWhole(path: string): Promise<StoredCheckpoint | string> {
  try {
    const { tensors, metadata } = await readCheckpointFile(path)
    const { [HASH]: stored, ...rest } = metadata
    // Checkpoints of the first format have no hash.
    if (stored !== undefined && stored !== hashOf(tensors, rest)) return 'its hash is another one'
    return { tensors, metadata: rest }
  } catch (error) {
    const { message } = error as Error
    return message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message
  }
}

/** SHA-256 over names, shapes and elements in the order of the names, and the metadata. */
function hashOf(
  tensors: ReadonlyMap<string, Pick<StoredTensor, 'shape' | 'data'>>,
  metadata: Readonly<Record<string, string>>,
): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))))
  for (const [name, { shape, data }] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(JSON.stringify([name, shape])).update(bytesOf(data))
  }
  return hash.digest('hex')
}
