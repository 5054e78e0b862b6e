// What the folder of a run knows of its model: how it was trained, and how the best epoch, whose weights it keeps, did.

import { scoreOf } from '@alexnet/train'
import { RunFolder } from '../train/run-folder.ts'
import type { RunSettings } from '../train/run-settings.ts'
import { readLog } from '../train/training-log.ts'

interface Measured {
  loss: number
  top1: number
  top5: number
  pictures: number
}

/** Of a run. */
export interface RunKnowledge {
  settings: RunSettings
  /** Epochs that were done, and the one whose weights are kept; none where the log is gone. */
  epochs: number
  best?: {
    epoch: number
    train: Measured
    /** Of the pictures held back; `classes` and `confusion` in the order of the labels. */
    validation?: Measured & { classes: (number | null)[]; confusion?: number[][] }
  }
}

/** What a run's folder tells; undefined where a folder is no run's. */
export async function knownOfRun(path: string): Promise<RunKnowledge | undefined> {
  const folder = new RunFolder(path)
  if (!(await folder.holdsRun())) return undefined
  const settings = await folder.readSettings()
  type Epoch = Required<RunKnowledge>['best']
  const epochs = (await readLog(folder)).filter(
    ({ type }) => type === 'epoch',
  ) as unknown as Epoch[]
  const best = epochs.reduce<Epoch | undefined>(
    (found, epoch) => (found && scoreOf(found) >= scoreOf(epoch) ? found : epoch),
    undefined,
  )
  return { settings, epochs: epochs.length, best }
}
