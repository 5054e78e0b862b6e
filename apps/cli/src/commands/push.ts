// alexnet push: a model on Hugging Face's Hub, as files that this project, Transformers.js and every reader of
// safetensors open, with a card that says what the run knows of it. One commit, so that nobody meets half of it.

import { stat } from 'node:fs/promises'
import { encodeModel, hubAccess, type Model, parseHubName } from '@alexnet/model'
import type { ModelFile, Quantization } from '@alexnet/weights'
import { startBackend } from '../backend.ts'
import { loadModel } from '../model.ts'
import { modelCard } from '../push/model-card.ts'
import { knownOfRun } from '../push/run-knowledge.ts'
import { UsageError } from '../terminal/errors.ts'
import { megabytes } from '../terminal/format.ts'
import { print, printJson, tell } from '../terminal/print.ts'

export interface PushOptions {
  weights: string
  variant?: string
  quantize?: Quantization
  private?: boolean
  license?: string
  dryRun?: boolean
  json?: boolean
}

/** What `--json` prints. */
export interface Pushed {
  repository: string
  /** None of a dry run. */
  commit: string | null
  url: string | null
  files: { path: string; bytes: number }[]
}

export async function push(name: string, options: PushOptions): Promise<void> {
  const { repo, file, revision } = parseHubName(name)
  if (file !== undefined) {
    throw new UsageError(`${name}: a model is pushed as a whole: leave /${file} out`)
  }
  const access = hubAccess()
  if (!access.accessToken && !options.dryRun) {
    throw new UsageError(
      'the Hub takes files from those it knows: put a token that may write into HF_TOKEN (https://huggingface.co/settings/tokens)',
    )
  }
  await startBackend({ threads: 1 })
  const model = await loadModel(options.weights, { variant: options.variant, quiet: options.json })
  const files = await filesOf(model, name, options)
  model.dispose()
  if (options.dryRun) return report({ repository: repo, commit: null, url: null }, files, options)

  tell(`sending ${files.length} files (${megabytes(bytesIn(files))}) to ${repo}`)
  const { createRepo, HubApiError, uploadFiles } = await import('@huggingface/hub')
  const hub = { hubUrl: access.hubUrl, accessToken: access.accessToken! }
  try {
    await createRepo({ repo, private: options.private ?? false, ...hub }).catch((error) => {
      // It is there already.
      if (!(error instanceof HubApiError) || error.statusCode !== 409) throw error
    })
    const sent = await uploadFiles({
      repo,
      branch: revision,
      files: files.map(({ path, chunks }) => ({ path, content: new Blob(chunks) })),
      commitTitle: 'Upload by alexnet push',
      ...hub,
    })
    const { oid, url } = sent!.commit
    report({ repository: repo, commit: oid, url }, files, options)
  } catch (error) {
    throw inWords(error, name)
  }
}

/** The card, the weights, and what Transformers.js opens. */
async function filesOf(model: Model, name: string, options: PushOptions): Promise<ModelFile[]> {
  const { quantize, weights, license } = options
  const isFolder = (await stat(weights).catch(() => undefined))?.isDirectory() === true
  const run = isFolder ? await knownOfRun(weights) : undefined
  const files = await encodeModel(model, { format: 'safetensors', quantize })
  // A mean picture has no place there.
  const isForOthers = model.preprocessing.meanPicture === undefined
  if (isForOthers) files.push(...(await encodeModel(model, { format: 'transformers', quantize })))
  else tell('Transformers.js cannot subtract a mean picture: its files are left out')
  const text = modelCard({ name, model, run, license, quantize, isForOthers })
  return [{ path: 'README.md', chunks: [new TextEncoder().encode(text)] }, ...files]
}

const bytesOf = ({ chunks }: ModelFile) => chunks.reduce((sum, { length }) => sum + length, 0)
const bytesIn = (files: readonly ModelFile[]) => files.reduce((sum, file) => sum + bytesOf(file), 0)

function report(
  done: Pick<Pushed, 'repository' | 'commit' | 'url'>,
  files: readonly ModelFile[],
  { json, dryRun }: PushOptions,
): void {
  const list = files.map((file) => ({ path: file.path, bytes: bytesOf(file) }))
  if (json) {
    printJson({ ...done, files: list } satisfies Pushed, 2)
    return
  }
  if (dryRun) print(...new TextDecoder().decode(files[0]!.chunks[0]).trimEnd().split('\n'))
  const tellOrPrint = dryRun ? tell : print
  for (const { path, bytes } of list) tellOrPrint(`${path}  ${megabytes(bytes)}`)
  if (done.url) print(done.url)
}

/** What the Hub refuses, as a line that says what to do. */
function inWords(error: unknown, name: string): unknown {
  const { statusCode, message } = error as { statusCode?: number; message: string }
  if (statusCode === 401 || statusCode === 403) {
    return new Error(
      `${name}: the Hub does not let this token write there (${statusCode}): take one that may, or another owner`,
      { cause: error },
    )
  }
  return new Error(`${name}: could not be sent: ${message}`, { cause: error })
}
