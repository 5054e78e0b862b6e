// Models on Hugging Face's Hub, by `hf:owner/name[/file][@revision]`. Two requests say which commit a revision is and
// what its files hash to, the same that the Hub's own client makes (docs/decisions/0014: why not by it); @alexnet/weights
// downloads them, as it does all weights: on from where a broken download stopped, and into their place only when the
// bytes are the Hub's.
// https://huggingface.co/docs/hub/api

import type { PublishedFile } from '@alexnet/weights'
import { besideFiles } from './beside.ts'
import { ModelError } from './errors.ts'
import { modelFiles } from './model-files.ts'

/** What an `hf:` name says. */
export interface HubReference {
  /** The name itself, for messages. */
  name: string
  /** `owner/name`. */
  repo: string
  /** Path of the weights in it; otherwise those that a folder of a model has. */
  file?: string
  /** Branch, tag or commit. Default `main`. */
  revision: string
}

/** Which Hub, as whom. */
export interface HubAccess {
  /** Default: https://huggingface.co. */
  hubUrl?: string
  /** `hf_…`, for private and gated models and to write. */
  accessToken?: string
}

/** A file at a commit. */
export interface HubFile {
  path: string
  bytes: number
  /** Git's name for its content: SHA-1, of a file that git itself keeps. */
  oid: string
  /** Of a large file, which git only points at. */
  sha256?: string
}

/** What is needed of a model at a commit; the weights come first. */
export interface HubSnapshot {
  commit: string
  files: HubFile[]
}

export const HUB = 'https://huggingface.co'

/** Whether a source is a model on the Hub. */
export const isHubName = (source: string): boolean => source.startsWith('hf:')

/** @throws ModelError for what is no `hf:owner/name[/file][@revision]` */
export function parseHubName(name: string): HubReference {
  const [, repo, file, revision = 'main'] =
    /^hf:([\w.-]+\/[\w.-]+)(?:\/([^@]+))?(?:@(.+))?$/.exec(name) ?? []
  if (repo && isPlain(repo) && (file === undefined || isPlain(file)))
    return { name, repo, file, revision }
  throw new ModelError(
    `${name}: a model on the Hub is named hf:owner/name, with /file for one of several and @revision for a branch, tag or commit`,
  )
}

/** Whether a path leads nowhere but down. */
const isPlain = (path: string) => path.split('/').every((part) => !/^\.*$/.test(part))

/**
 * Asks the Hub what a name stands for: the commit, the file of weights and those it needs, with what stands beside.
 *
 * @throws ModelError where there is no such model, revision or file, or it is not for everybody; what `fetch` throws
 *   where the Hub cannot be reached
 */
export async function askHub(
  reference: HubReference,
  access: HubAccess,
  signal?: AbortSignal,
): Promise<HubSnapshot> {
  const { name, repo, revision } = reference
  const api = `${access.hubUrl ?? HUB}/api/models/${repo}`
  const ask = async (address: string, init?: RequestInit): Promise<unknown> => {
    const response = await fetchAs(access)(`${api}/${address}`, { ...init, signal })
    if (response.ok) return response.json()
    if (response.status < 500) throw refused(reference, response)
    throw new Error(`it answers ${response.status}`)
  }
  const at = encodeURIComponent(revision)
  const info = (await ask(`revision/${at}?expand=sha&expand=siblings`)) as Info
  const { sha: commit, siblings = [] } = info
  if (!/^[0-9a-f]{40}$/.test(commit ?? '')) throw new ModelError(`${name}: the Hub names no commit`)
  const all = siblings.map(({ rfilename }) => rfilename).filter(isPlain)
  const weights = weightsAmong(all, reference)
  const paths = [weights, ...companions(weights, all)]
  const entries = (await ask(`paths-info/${commit}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ paths }),
  })) as Entry[]
  const files = paths.flatMap((path) => {
    const entry = entries.find((candidate) => candidate.path === path)
    if (!entry) return []
    const { oid, size, lfs } = entry
    return [{ path, bytes: lfs?.size ?? size, oid, sha256: lfs?.oid }]
  })
  if (files[0]?.path !== weights) throw new ModelError(`${name}: the Hub has no ${weights}`)
  return { commit: commit!, files }
}

/** Of the Hub's answers what is used here. */
interface Info {
  sha?: string
  siblings?: { rfilename: string }[]
}
interface Entry {
  path: string
  oid: string
  size: number
  lfs?: { oid: string; size: number }
}

function refused({ name, revision }: HubReference, { status, statusText }: Response): ModelError {
  const why =
    status === 404
      ? `the Hub has no such model, or no '${revision}' of it`
      : `the Hub says ${status} ${statusText}`.trim()
  return new ModelError(`${name}: ${why}; one that is private or gated needs a token in HF_TOKEN`)
}

function weightsAmong(paths: readonly string[], { name, file }: HubReference): string {
  if (file !== undefined) {
    if (paths.includes(file)) return file
    throw new ModelError(`${name}: there is no ${file} in it; there are ${listed(paths)}`)
  }
  const found = modelFiles.find((candidate) => paths.includes(candidate))
  if (found !== undefined) return found
  throw new ModelError(
    `${name}: no file in it is called as a model's is (${modelFiles.join(', ')}): name one of ${listed(paths)}`,
  )
}

const MOST_LISTED = 12
const listed = (paths: readonly string[]) =>
  paths.length > MOST_LISTED
    ? `${paths.slice(0, MOST_LISTED).join(', ')} and ${paths.length - MOST_LISTED} more`
    : paths.join(', ')

/** What a file of weights is not whole without, and what tells of its classes and pictures. */
function companions(weights: string, paths: readonly string[]): string[] {
  const folder = weights.slice(0, weights.lastIndexOf('/') + 1)
  const isPart = (path: string) =>
    path !== weights &&
    (/\.json$/.test(weights)
      ? path.startsWith(folder) && /\.(bin|\d+of\d+)$/.test(path)
      : path.startsWith(`${weights}.`) || path.startsWith(`${weights}_`))
  return [...paths.filter(isPart), ...besideFiles.filter((name) => paths.includes(name))]
}

/** Address of a file at a commit. */
export const hubAddress = (repo: string, commit: string, path: string, hubUrl = HUB): string =>
  `${hubUrl}/${repo}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`

/** A large file as what is downloaded. */
export function published(
  { name, repo }: HubReference,
  commit: string,
  { path, bytes, sha256 }: HubFile & { sha256: string },
  hubUrl?: string,
): PublishedFile {
  const urls = [hubAddress(repo, commit, path, hubUrl)]
  return { name, description: `${repo} of the Hub`, urls, bytes, sha256, licence: 'see its card' }
}

/** `fetch` with the token, which it leaves out by itself where a server sends it on to another. */
export function fetchAs({ accessToken }: HubAccess): typeof fetch {
  if (accessToken === undefined) return fetch
  return (input, init) => {
    const headers = new Headers(init?.headers)
    headers.set('authorization', `Bearer ${accessToken}`)
    return fetch(input, { ...init, headers })
  }
}
