// Models on Hugging Face's Hub, by `hf:owner/name[/file][@revision]`. Its own client says which commit a revision is
// and what the files hash to; @alexnet/weights downloads them, as it does all weights: on from where a broken download
// stopped, and into their place only when the bytes are the Hub's. The client is loaded when the first such name is.
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
export async function askHub(reference: HubReference, access: HubAccess): Promise<HubSnapshot> {
  const { name, repo, revision } = reference
  const { HubApiError, modelInfo, pathsInfo } = await import('@huggingface/hub')
  try {
    const { sha: commit, filePaths: all } = await modelInfo({
      name: repo,
      revision,
      additionalFields: ['sha', 'filePaths'],
      ...access,
    })
    if (!/^[0-9a-f]{40}$/.test(commit)) throw new ModelError(`${name}: the Hub names no commit`)
    const filePaths = all.filter(isPlain)
    const weights = weightsAmong(filePaths, reference)
    const paths = [weights, ...companions(weights, filePaths)]
    const found = await pathsInfo({ repo, paths, revision: commit, ...access })
    const files = paths.flatMap((path) => {
      const { oid = '', size, lfs } = found.find((file) => file.path === path) ?? {}
      if (size === undefined) return []
      return [{ path, bytes: lfs?.size ?? size, oid, sha256: lfs?.oid }]
    })
    if (files[0]?.path !== weights) throw new ModelError(`${name}: the Hub has no ${weights}`)
    return { commit, files }
  } catch (error) {
    if (error instanceof HubApiError && error.statusCode < 500) throw refused(reference, error)
    if (error instanceof TypeError && /access token/.test(error.message)) {
      throw new ModelError(`${name}: HF_TOKEN is no token of the Hub: they begin with hf_`)
    }
    throw error
  }
}

function refused({ name, revision }: HubReference, error: { statusCode: number; message: string }) {
  const why =
    error.statusCode === 404
      ? `the Hub has no such model, or no '${revision}' of it`
      : `the Hub says ${error.statusCode} (${error.message.split('\n')[0]})`
  return new ModelError(`${name}: ${why}; one that is private or gated needs a token in HF_TOKEN`, {
    cause: error,
  })
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
