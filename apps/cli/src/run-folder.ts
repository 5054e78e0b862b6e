// The folder of a training run: what was asked for, the last checkpoint, the best model and the log.
// Every file is replaced as a whole, so a run killed at any moment can go on from the last checkpoint.

import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Checkpoint, EpochEvent, StoredCheckpoint } from '@alexnet/train'
import { readCheckpointFile, replaceFile, saveSafetensors } from '@alexnet/weights/node'
import { UsageError } from './errors.ts'
import { MODEL_FILE } from './model-file.ts'
import type { RunSettings } from './settings.ts'

const SETTINGS_FILE = 'run.json'
const CHECKPOINT_FILE = 'checkpoint.safetensors'
const LOG_FILE = 'log.jsonl'

const text = (value: string) => [new TextEncoder().encode(value)]
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

  holdsRun(): Promise<boolean> {
    return exists(join(this.path, SETTINGS_FILE))
  }

  hasCheckpoint(): Promise<boolean> {
    return exists(join(this.path, CHECKPOINT_FILE))
  }

  saveSettings(settings: RunSettings): Promise<void> {
    return replaceFile(
      join(this.path, SETTINGS_FILE),
      text(`${JSON.stringify(settings, null, 2)}\n`),
    )
  }

  /** @throws UsageError when the folder holds no run, or its settings cannot be read. */
  async readSettings(): Promise<RunSettings> {
    const path = join(this.path, SETTINGS_FILE)
    if (!(await this.holdsRun())) {
      throw new UsageError(`${this.path} holds no run to resume: leave --resume out to start one`)
    }
    try {
      return JSON.parse(await readFile(path, 'utf8')) as RunSettings
    } catch (cause) {
      throw new UsageError(`${path} cannot be read: ${(cause as Error).message}`)
    }
  }

  saveCheckpoint({ tensors, metadata }: Checkpoint): Promise<void> {
    return saveSafetensors(join(this.path, CHECKPOINT_FILE), tensors, metadata)
  }

  readCheckpoint(): Promise<StoredCheckpoint> {
    return readCheckpointFile(join(this.path, CHECKPOINT_FILE))
  }

  /** Writes one line an epoch; after a resume the file is what an uninterrupted run would have. */
  saveLog(history: readonly EpochEvent[]): Promise<void> {
    const lines = history.map(({ type: _, ...record }) => `${JSON.stringify(record)}\n`)
    return replaceFile(join(this.path, LOG_FILE), text(lines.join('')))
  }
}
