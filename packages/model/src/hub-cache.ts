// Models from the Hub in a folder of this user's, in Node: `hub/owner/name/` in the folder of downloaded weights, with
// the files of each commit under its name and, for each name that was opened, what it stood for. What is there is opened
// without the Hub where that cannot be reached, and a commit without asking: its files never change.

import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  makeFolder,
  type PullOptions,
  pullWeights,
  replaceFile,
  weightsFolder,
} from '@alexnet/weights/node'
import { ModelError } from './errors.ts'
import {
  askHub,
  fetchAs,
  type HubAccess,
  type HubFile,
  type HubReference,
  type HubSnapshot,
  hubAddress,
  parseHubName,
  published,
} from './hub.ts'

/** The Hub and the token that the environment names: HF_ENDPOINT, HF_TOKEN. */
export function hubAccess(): HubAccess {
  return {
    hubUrl: process.env.HF_ENDPOINT?.replace(/\/+$/, '') || undefined,
    accessToken: process.env.HF_TOKEN || undefined,
  }
}

/**
 * Makes sure that a model of the Hub is in the cache.
 *
 * @returns the path of its weights and the folder of its commit
 * @throws ModelError, DownloadError, saying what to do
 */
export async function pullFromHub(
  name: string,
  { onProgress, onWait, signal, mirror }: PullOptions = {},
): Promise<{ path: string; folder: string }> {
  const reference = parseHubName(name)
  const { hubUrl, accessToken } = hubAccess()
  const access = { hubUrl: mirror ?? hubUrl, accessToken }
  const root = join(weightsFolder(), 'hub', ...reference.repo.split('/'))
  const { commit, files } = await snapshotOf(reference, access, root, signal)
  const folder = join(root, commit)
  for (const [index, file] of files.entries()) {
    const place = join(folder, file.path)
    if ((await sizeOf(place)) === file.bytes) continue
    if (isLarge(file)) {
      await pullWeights(published(reference, commit, file, access.hubUrl), {
        folder: dirname(place),
        // The environment's mirror is for the records' files.
        mirror: '',
        fetch: fetchAs(access),
        onProgress: index === 0 ? onProgress : undefined,
        onWait,
        signal,
      })
    } else {
      await makeFolder(dirname(place))
      await replaceFile(place, [await download(reference, commit, file, access, signal)])
    }
  }
  return { path: join(folder, files[0]!.path), folder }
}

const isLarge = (file: HubFile): file is HubFile & { sha256: string } => file.sha256 !== undefined

const sizeOf = async (path: string) => (await stat(path).catch(() => undefined))?.size

/** What a name stands for: by the Hub, or as it was the last time. */
async function snapshotOf(
  reference: HubReference,
  access: HubAccess,
  root: string,
  signal: AbortSignal | undefined,
): Promise<HubSnapshot> {
  const { name, file = '', revision } = reference
  const path = join(root, `${encodeURIComponent(`${file}@${revision}`)}.json`)
  const known = await readFile(path, 'utf8').then(
    (text): HubSnapshot => JSON.parse(text),
    () => undefined,
  )
  if (known?.commit === revision) return known
  if (process.env.HF_HUB_OFFLINE === '1') {
    if (known) return known
    throw new ModelError(`${name}: not in the cache, and HF_HUB_OFFLINE keeps from asking the Hub`)
  }
  try {
    const found = await askHub(reference, access, signal)
    await makeFolder(root)
    await replaceFile(path, [new TextEncoder().encode(JSON.stringify(found))])
    return found
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof ModelError) throw error
    if (known) return known
    const { message, cause } = error as Error
    const why =
      cause instanceof Error ? cause.message || (cause as { code?: string }).code : message
    throw new ModelError(
      `${name}: the Hub cannot be reached (${why}), and the model is not in the cache: check the network, or name another Hub in HF_ENDPOINT`,
      { cause: error },
    )
  }
}

/** A small file, whole, and as git has it. */
async function download(
  { name, repo }: HubReference,
  commit: string,
  { path, bytes: size, oid }: HubFile,
  access: HubAccess,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetchAs(access)(hubAddress(repo, commit, path, access.hubUrl), { signal })
  if (!response.ok) throw new ModelError(`${name}: the Hub says ${response.status} to ${path}`)
  const bytes = new Uint8Array(await response.arrayBuffer())
  // https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
  const hash = createHash('sha1').update(`blob ${size}\0`).update(bytes).digest('hex')
  if (hash === oid) return bytes
  throw new ModelError(`${name}: ${path} came as other bytes than the Hub's: try again`)
}
