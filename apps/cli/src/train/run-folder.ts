// The folder of a training run: what was asked for, the last checkpoints, the best model, the log.
// Every file but the logs is replaced as a whole and checkpoints are checked by their hash when they are
// read, so a run killed at any moment goes on from the last whole one. One process at a time works in it.

import { createHash } from 'node:crypto'
import { readdir, readFile, rm, rmdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { toMetadata } from '@alexnet/model'
import type { StoredCheckpoint, TrainingCheckpoint } from '@alexnet/train'
import { bytesOf, type StoredTensor } from '@alexnet/weights'
import {
  holdLock,
  kindOf,
  LockedError,
  makeFolder,
  readCheckpointFile,
  replaceFile,
  saveSafetensors,
} from '@alexnet/weights/node'
import { MODEL_FILE } from '../model.ts'
import { UsageError } from '../terminal/errors.ts'
import { tell } from '../terminal/print.ts'
import { encodeSettings, hashOfSettings, readSettings } from './resumed-settings.ts'
import type { RunSettings } from './run-settings.ts'

const SETTINGS_FILE = 'run.json'
const CHECKPOINTS = 'checkpoints'
/** Where the only checkpoint was before there was a folder of them. */
const OLD_CHECKPOINT = 'checkpoint.safetensors'
const LOG_FILE = 'log.jsonl'
const REPORT_FILE = 'report.html'
const TENSORBOARD = 'tensorboard'
const LOCK_FILE = '.lock'
/** Keys of a checkpoint's metadata: its own hash, and that of its run's settings. */
const HASH = 'sha256'
const SETTINGS = 'settings'

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

/** Removes a folder that is empty. */
const isGone = (path: string) =>
  rmdir(path).then(
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
    return join(this.path, LOG_FILE)
  }

  get boardPath(): string {
    return join(this.path, TENSORBOARD)
  }

  get reportPath(): string {
    return join(this.path, REPORT_FILE)
  }

  holdsRun(): Promise<boolean> {
    return exists(join(this.path, SETTINGS_FILE))
  }

  /** Whether there is a model, that of the best epoch so far. */
  holdsModel(): Promise<boolean> {
    return exists(this.modelPath)
  }

  /**
   * Keeps other processes out of the folder, and removes what killed ones have left in it.
   *
   * @returns what lets them in again; a folder that is still empty then goes, too
   * @throws UsageError when another process is at it, or something else is where a file belongs
   */
  async hold(): Promise<() => Promise<void>> {
    const made: string[] = []
    for (let path = resolve(this.path); !(await exists(path)); path = dirname(path)) made.push(path)
    await makeFolder(this.path)
    const unlock = await this.#lock()
    const release = async () => {
      await unlock()
      for (const path of made) if (!(await isGone(path))) break
    }
    try {
      await this.#requireFiles()
      for (const folder of [this.path, join(this.path, CHECKPOINTS)]) await sweep(folder)
    } catch (error) {
      await release()
      throw error
    }
    return release
  }

  async #lock(): Promise<() => Promise<void>> {
    try {
      return await holdLock(join(this.path, LOCK_FILE), {
        onWait: (holder) =>
          tell(`${this.path} is held by ${holder}: looking for 15 s whether that is alive`),
      })
    } catch (error) {
      if (!(error instanceof LockedError)) throw error
      throw new UsageError(
        `${this.path} is being trained by ${error.holder}: wait until it is done, or name another folder with --out`,
      )
    }
  }

  /** A pipe would be waited for, a folder found in the way only when its step has come. */
  async #requireFiles(): Promise<void> {
    const files = [SETTINGS_FILE, MODEL_FILE, LOG_FILE, REPORT_FILE]
    const folders = [CHECKPOINTS, TENSORBOARD].map((name) => join(this.path, name))
    for (const path of folders) {
      const there = await stat(path).catch(() => undefined)
      if (there && !there.isDirectory()) {
        throw new UsageError(`${path} is no folder, as a run has it: move it away`)
      }
    }
    const own = files.map((name) => join(this.path, name))
    for (const path of [...own, ...(await this.#checkpoints())]) {
      const there = await stat(path).catch(() => undefined)
      if (there && !there.isFile()) {
        throw new UsageError(`${path} is ${kindOf(there)}, not the file of a run: move it away`)
      }
    }
  }

  saveSettings(settings: RunSettings): Promise<void> {
    const text = new TextEncoder().encode(encodeSettings(settings))
    return replaceFile(join(this.path, SETTINGS_FILE), [text])
  }

  /** @throws UsageError when the folder holds no run, or its settings cannot be read. */
  async readSettings(): Promise<RunSettings> {
    const path = join(this.path, SETTINGS_FILE)
    if (!(await this.holdsRun())) {
      throw new UsageError(`${this.path} holds no run to resume: leave --resume out to start one`)
    }
    return readSettings(await readFile(path, 'utf8'), path)
  }

  /** Saves a checkpoint beside the last ones of its run, then removes all but the last `keep`. */
  async saveCheckpoint(
    { tensors, metadata: own }: TrainingCheckpoint,
    settings: RunSettings,
    { step, keep }: { step: number; keep: number },
  ): Promise<void> {
    const path = join(this.path, CHECKPOINTS, checkpointName(step))
    const { model: options, labels, preprocessing } = settings
    const metadata = {
      ...own,
      // So that a checkpoint can be used as the model that it is of.
      ...toMetadata({ options, labels, preprocessing }),
      [SETTINGS]: hashOfSettings(settings),
    }
    await saveSafetensors(path, tensors, { ...metadata, [HASH]: hashOf(tensors, metadata) })
    const all = await this.#checkpoints()
    // Those of later steps were of no use to go on from, or are another run's.
    const surplus = [...all.slice(0, all.indexOf(path)), ...all.slice(all.indexOf(path) + keep)]
    for (const old of surplus) await rm(old, { force: true })
  }

  /**
   * The last checkpoint that is whole, or undefined where there is none yet.
   *
   * @param settings those of the run
   * @param warn told of each that is damaged
   * @throws UsageError when there are checkpoints and none can be used
   */
  async readCheckpoint(
    settings: RunSettings,
    warn: (text: string) => void,
  ): Promise<StoredCheckpoint | undefined> {
    const paths = await this.#checkpoints()
    for (const path of paths) {
      const problem = await readWhole(path, hashOfSettings(settings))
      if (typeof problem !== 'string') return problem
      warn(`${path}: ${problem}${path === paths.at(-1) ? '' : '; going on from the one before'}`)
    }
    if (paths.length === 0) return undefined
    throw new UsageError(
      `${this.path}: none of its checkpoints can be used: put one back, or start anew in another --out`,
    )
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

const checkpointName = (step: number) => `step-${String(step).padStart(8, '0')}.safetensors`

/** Removes unfinished files: whoever writes to the folder has its lock. */
async function sweep(folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => [])
  for (const name of names.filter((name) => /^\..*\.tmp$/.test(name))) {
    await rm(join(folder, name), { force: true })
  }
}

/** A checkpoint, or what is wrong with it. */
async function readWhole(path: string, settingsHash: string): Promise<StoredCheckpoint | string> {
  try {
    const { tensors, metadata } = await readCheckpointFile(path)
    const { [HASH]: stored, ...rest } = metadata
    // Checkpoints of the first formats have no hashes.
    if (stored !== undefined && stored !== hashOf(tensors, rest)) return 'its hash is another one'
    const { [SETTINGS]: settings, ...own } = rest
    if (settings !== undefined && settings !== settingsHash) {
      return `it is of a run with other settings than ${SETTINGS_FILE}`
    }
    const { step } = JSON.parse(own.training ?? '{}') as { step?: number }
    const isNamedSo = [checkpointName(step ?? 0), OLD_CHECKPOINT].includes(basename(path))
    return isNamedSo ? { tensors, metadata: own } : `it is of step ${step}, not of its name's`
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
