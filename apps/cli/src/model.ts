// What `--weights` names, opened as a model, with what a person at a terminal expects: the weights that come with
// the program where none are named, a bar while others are downloaded, Ctrl-C that keeps what has arrived.

import { readFile } from 'node:fs/promises'
import { cifar10 } from '@alexnet/cifar10'
import { cifar10Int8 } from '@alexnet/cifar10/int8'
import { exportWeights } from '@alexnet/core'
import { type Lpips, openLpips } from '@alexnet/lpips'
import {
  isHubName,
  type Model,
  type ModelDescription,
  type OpenModelOptions,
  openModel,
  toMetadata,
} from '@alexnet/model'
import {
  type BundledWeights,
  type DownloadProgress,
  type WeightDescription,
  type WeightRecord,
  weightRecords,
} from '@alexnet/weights'
import { pullWeights, saveSafetensors } from '@alexnet/weights/node'
import type { LayersModel } from '@tensorflow/tfjs'
import { UsageError } from './terminal/errors.ts'
import { interruptible } from './terminal/interrupt.ts'
import { tell } from './terminal/print.ts'
import { type Progress, progress } from './terminal/progress.ts'

/** Name of a model's file in the folder of a run. */
export const MODEL_FILE = 'model.safetensors'

/** Weights that come with the program; the first are used where none are named. */
export const bundledWeights: readonly BundledWeights[] = [cifar10, cifar10Int8]

/** Every name that `--weights` knows. */
export const publishedWeights = (): readonly WeightDescription[] => [
  ...bundledWeights,
  ...weightRecords,
]

export interface LoadModelOptions
  extends Pick<OpenModelOptions, 'variant' | 'description' | 'keepInt8'> {
  /** No progress of a download, as `--json` asks. */
  quiet?: boolean
}

/**
 * Opens the model that `--weights` names, the one that comes with the program where it is left out. A backend must
 * have been started.
 *
 * @throws what `openModel` throws; Interrupted after Ctrl-C in a download
 */
export async function loadModel(
  weights: string | undefined,
  { variant, description, keepInt8, quiet = false }: LoadModelOptions = {},
): Promise<Model> {
  const bundled =
    weights === undefined ? usualWeights() : bundledWeights.find(({ name }) => name === weights)
  const record = weightRecords.find(({ name }) => name === weights)
  const source = record ?? (weights && isHubName(weights) ? { name: weights } : undefined)
  return downloading(source, quiet, (watched) =>
    openModel(bundled ?? weights!, { variant, description, keepInt8, ...watched }),
  )
}

/** The weights that come with the program, where there are any. */
function usualWeights(): BundledWeights {
  const [usual] = bundledWeights
  if (usual) {
    const { name, description } = usual
    tell(`using the weights '${name}' (${description}); name others with --weights`)
    return usual
  }
  const names = weightRecords.map(({ name }) => `'${name}'`).join(', ')
  throw new UsageError(
    `no weights are named: give --weights a file, the folder of a run, or a name to download (${names})`,
  )
}

/** Saves a network and what belongs to it as one file, atomically. */
export async function saveModel(
  path: string,
  network: LayersModel,
  description: ModelDescription,
): Promise<void> {
  await saveSafetensors(path, await exportWeights(network), toMetadata(description))
}

/**
 * The path of published weights in the cache, downloaded if they are not there yet, with a bar.
 *
 * @param mirror asked in place of the records' servers; default the environment's ALEXNET_MIRROR
 * @throws DownloadError; Interrupted after Ctrl-C: what has arrived stays for the next time
 */
export function downloadWeights(
  record: WeightRecord,
  { mirror, quiet = false }: { mirror?: string; quiet?: boolean } = {},
): Promise<string> {
  return downloading(record, quiet, (watched) => pullWeights(record, { mirror, ...watched }))
}

/**
 * What compares pictures: the network that `--weights` names, with `--linear`'s weights of channels. A backend must have
 * been started.
 *
 * @throws what `openLpips` throws; Interrupted after Ctrl-C in a download
 */
export async function openLpipsFor(
  weights: string | Model,
  { linear, plain }: { linear?: string; plain?: boolean },
  quiet = false,
): Promise<Lpips> {
  const record = weightRecords.find(({ name }) => name === weights)
  if (record) await downloadWeights(record, { quiet })
  const given = linear?.toLowerCase().endsWith('.json') ? await numbersIn(linear) : linear
  return openLpips(weights, { linear: plain ? false : given })
}

/** The linear weights as JSON: `{ "lin0.model.1.weight": [...], ... }`. */
async function numbersIn(path: string): Promise<Record<string, number[]>> {
  try {
    const numbers = JSON.parse(await readFile(path, 'utf8'))
    if (Array.isArray(numbers?.['lin0.model.1.weight'])) return numbers
  } catch (cause) {
    throw new UsageError(`${path} cannot be read as JSON: ${(cause as Error).message}`, { cause })
  }
  throw new UsageError(`${path} holds no linear weights: it has no list "lin0.model.1.weight"`)
}

/** Does what may download a record or a model of the Hub, with a bar, until Ctrl-C. */
async function downloading<T>(
  record: Pick<WeightRecord, 'name'> | undefined,
  quiet: boolean,
  work: (watched: Pick<OpenModelOptions, 'signal' | 'onProgress' | 'onWait'>) => Promise<T>,
): Promise<T> {
  if (!record) return work({})
  const megabytes = (bytes: number) => Math.round(bytes / 1e6)
  const stop = interruptible(
    'stopped; what has arrived stays, and the next download goes on from there',
  )
  let shown: Progress | undefined
  const onProgress = ({ received, total, resumedFrom }: DownloadProgress) => {
    if (!shown) {
      shown = progress(record.name, megabytes(total), { quiet, unit: ' MB' })
      const rest = resumedFrom > 0 ? `, ${megabytes(resumedFrom)} MB of them are here` : ''
      shown.log(`downloading '${record.name}' (${megabytes(total)} MB${rest})`)
    }
    shown.update(megabytes(received))
  }
  const onWait = (holder: string) => {
    if (!quiet) tell(`${holder} is downloading '${record.name}': waiting for it`)
  }
  try {
    return await work({ signal: stop.signal, onProgress, onWait })
  } finally {
    shown?.stop()
    stop.release()
  }
}
