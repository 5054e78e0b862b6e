// What `--weights` may name: published weights (downloaded once, then found in the cache), a URL, a file
// of any format that @alexnet/weights reads, or a folder that holds one. Without it, the weights that
// come with the program are taken, where there are any.

import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { cifar10 } from '@alexnet/cifar10'
import {
  type BundledWeights,
  elementCount,
  elementSize,
  type OpenCheckpoint,
  openCheckpoint,
  type WeightDescription,
  type WeightRecord,
  weightRecords,
} from '@alexnet/weights'
import { openCheckpointFile, pullWeights } from '@alexnet/weights/node'
import { UsageError } from './terminal/errors.ts'
import { interruptible } from './terminal/interrupt.ts'
import { tell } from './terminal/print.ts'
import { progress } from './terminal/progress.ts'

/** Weights that come with the program; the first are used where none are named. */
export const bundledWeights: readonly BundledWeights[] = [cifar10]

/** Every name that `--weights` knows. */
export const publishedWeights = (): readonly WeightDescription[] => [
  ...bundledWeights,
  ...weightRecords,
]

/** Weights, opened: their tensors are still in their file. */
export interface WeightsSource {
  checkpoint: OpenCheckpoint
  /** The file, or what it is called where it is none: for messages. */
  path: string
  /** Size of the file; of several, and over HTTP, of the tensors in them. */
  bytes: number
  /** What is known of published weights without asking the file. */
  published?: WeightDescription
}

/** The file by which a folder is a model, in the order they are looked for. */
const folderFiles = ['model.safetensors', 'model.safetensors.json', 'model.json']

/**
 * Opens what `--weights` names.
 *
 * @param named a name (`imagenet`) before a path: a file of that name is `./imagenet`
 * @throws UsageError when nothing is named and nothing comes with the program; CheckpointError;
 *   DownloadError
 */
export async function openWeights(
  named: string | undefined,
  { quiet = false } = {},
): Promise<WeightsSource> {
  const bundled = named === undefined ? bundledWeights[0] : bundledWeights.find(isCalled(named))
  if (bundled) {
    if (named === undefined) {
      tell(
        `using the weights '${bundled.name}' (${bundled.description}); name others with --weights`,
      )
    }
    const bytes = await bundled.load()
    const checkpoint = await openCheckpoint(bytes, { path: bundled.name })
    return { checkpoint, path: bundled.name, bytes: bytes.byteLength, published: bundled }
  }
  if (named === undefined) {
    const names = weightRecords.map(({ name }) => `'${name}'`).join(', ')
    throw new UsageError(
      `no weights are named: give --weights a file, the folder of a run, or a name to download (${names})`,
    )
  }
  const record = weightRecords.find(isCalled(named))
  if (record) {
    const source = await openPath(await downloadWeights(record, { quiet }))
    return { ...source, published: record }
  }
  if (/^https?:\/\//.test(named)) {
    const checkpoint = await openCheckpoint(new URL(named))
    return { checkpoint, path: named, bytes: tensorBytes(checkpoint) }
  }
  return openPath(named)
}

const isCalled = (named: string) => (weights: WeightDescription) => weights.name === named

async function openPath(path: string): Promise<WeightsSource> {
  const stats = await stat(path).catch(() => undefined)
  if (!stats && /^[\w-]+$/.test(path)) {
    const names = publishedWeights().map(({ name }) => name)
    throw new UsageError(
      `${path}: no such file or folder, and no weights of that name (there are: ${names.join(', ')})`,
    )
  }
  const file = stats?.isDirectory() ? await modelIn(path) : path
  const checkpoint = await openCheckpointFile(file)
  const bytes = /\.json$/i.test(file) ? tensorBytes(checkpoint) : (await stat(file)).size
  const published = weightRecords.find(
    (record) => record.bytes === bytes && record.url.endsWith(`/${basename(file)}`),
  )
  return { checkpoint, path: file, bytes, ...(published && { published }) }
}

function tensorBytes({ tensors }: OpenCheckpoint): number {
  let bytes = 0
  for (const { shape, storedAs } of new Set(tensors.values())) {
    bytes += elementCount(shape) * elementSize(storedAs)
  }
  return bytes
}

async function modelIn(folder: string): Promise<string> {
  for (const name of folderFiles) {
    if (await stat(join(folder, name)).catch(() => undefined)) return join(folder, name)
  }
  throw new UsageError(
    `${folder} holds no model: looked for ${folderFiles.join(', ')}; name the file itself`,
  )
}

/** Where weights are to be downloaded from, and whether anything is said about it. */
export interface FetchOptions {
  /** Asked in place of the record's server; default the environment's ALEXNET_MIRROR. */
  mirror?: string
  quiet?: boolean
}

/**
 * The path of published weights in the cache, downloaded if they are not there yet, with a bar.
 *
 * @throws DownloadError; Interrupted after Ctrl-C: what has arrived stays for the next time
 */
export async function downloadWeights(
  record: WeightRecord,
  { mirror, quiet = false }: FetchOptions = {},
): Promise<string> {
  const megabytes = (bytes: number) => Math.round(bytes / 1e6)
  const stop = interruptible(
    'stopped; what has arrived stays, and the next download goes on from there',
  )
  let shown: ReturnType<typeof progress> | undefined
  try {
    return await pullWeights(record, {
      mirror,
      signal: stop.signal,
      onWait: (holder) => {
        if (!quiet) tell(`${holder} is downloading '${record.name}': waiting for it`)
      },
      onProgress: ({ received, total, resumedFrom }) => {
        if (!shown) {
          shown = progress(record.name, megabytes(total), { quiet, unit: ' MB' })
          const rest = resumedFrom > 0 ? `, ${megabytes(resumedFrom)} MB of them are here` : ''
          shown.log(`downloading '${record.name}' (${megabytes(total)} MB${rest})`)
        }
        shown.update(megabytes(received))
      },
    })
  } finally {
    shown?.stop()
    stop.release()
  }
}
