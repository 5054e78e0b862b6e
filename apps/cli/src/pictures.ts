// Pictures as every command takes them: what a data set passes over is said, classes are brought together by name,
// and one that cannot be used ends the work or is left out and counted, as --on-broken says.

import {
  ClassesError,
  type Dataset,
  matchClasses,
  openDataset,
  type Picture,
  PictureError,
  readPicture,
  type Split,
  subset,
} from '@alexnet/data'
import type { BatchSource } from '@alexnet/train'
import { UsageError } from './terminal/errors.ts'
import { tell, yellow } from './terminal/print.ts'

/** What to do at a picture that cannot be used. */
export type OnBroken = 'stop' | 'skip'

/** Files that are open at once: systems allow a process some hundreds, whatever the size of a batch. */
const MOST_OPEN = 8

/** More lines than this are counted only. */
const MOST_LINES = 20

export const warn = (text: string): void => tell(`${yellow('warning:')} ${text}`)

/** Opens a data set and says what a person should know of it. */
export async function openPictures(path: string, split: Split): Promise<Dataset> {
  const dataset = await openDataset(path, { split })
  const notes = dataset.notes ?? []
  for (const note of notes.slice(0, MOST_LINES)) warn(note)
  if (notes.length > MOST_LINES) warn(`… ${notes.length - MOST_LINES} more of the kind`)
  return dataset
}

/**
 * The data set with its labels as places in `classes`.
 *
 * @param owner whose classes they are
 * @throws UsageError when a class of the data set is unknown there
 */
export function withClasses(dataset: Dataset, classes: readonly string[], owner: string): Dataset {
  try {
    const matched = matchClasses(dataset, classes, { owner })
    for (const warning of matched.warnings) warn(warning)
    return matched.dataset
  } catch (error) {
    throw error instanceof ClassesError ? new UsageError(error.message, { cause: error }) : error
  }
}

/** The pictures that were left out. */
export class SkippedPictures {
  readonly #problems = new Map<string, string>()
  readonly #onNew: (path: string, problem: string) => void

  /** @param onNew told of each once */
  constructor(onNew: (path: string, problem: string) => void = () => {}) {
    this.#onNew = onNew
  }

  get count(): number {
    return this.#problems.size
  }

  /** In the order in which they were found. */
  get list(): { path: string; problem: string }[] {
    return [...this.#problems].map(([path, problem]) => ({ path, problem }))
  }

  add({ path, message }: { path?: string | undefined; message: string }): void {
    const name = path ?? message
    if (this.#problems.has(name)) return
    this.#problems.set(name, message)
    this.#onNew(name, message)
  }

  /** Counts and lists them on stderr, where there are any. */
  report(): void {
    if (this.count === 0) return
    const lines = [...this.#problems.values()].slice(0, MOST_LINES)
    if (this.count > lines.length) lines.push(`… ${this.count - lines.length} more`)
    const counted = `skipped ${this.count} ${this.count === 1 ? 'picture' : 'pictures'} that cannot be used:`
    tell(counted, ...lines.map((line) => `  ${line}`))
  }

  /** A loader's batches; what it leaves out is added. */
  watch(
    batches: BatchSource & { readonly skipped: readonly { error: PictureError }[] },
  ): BatchSource {
    const note = () => {
      for (const { error } of batches.skipped) this.add(error)
    }
    return {
      length: batches.length,
      async *[Symbol.asyncIterator]() {
        try {
          yield* batches
        } finally {
          note()
        }
      },
    }
  }
}

/** Reads files; those that cannot be used are left out where that was asked for. */
export async function readPictures(
  files: readonly string[],
  onBroken: OnBroken,
  skipped: SkippedPictures,
): Promise<{ file: string; picture: Picture }[]> {
  const read: { file: string; picture: Picture | PictureError }[] = []
  for (let start = 0; start < files.length; start += MOST_OPEN) {
    const some = files.slice(start, start + MOST_OPEN)
    const pictures = some.map((file) => orSkip(readPicture(file), onBroken))
    for (const [index, picture] of (await Promise.all(pictures)).entries()) {
      read.push({ file: some[index]!, picture })
    }
  }
  const sound: { file: string; picture: Picture }[] = []
  for (const { file, picture } of read) {
    if (picture instanceof PictureError) skipped.add(picture)
    else sound.push({ file, picture })
  }
  return sound
}

/** The pictures of a data set that can be used; all are read. */
export async function soundPictures(dataset: Dataset, skipped: SkippedPictures): Promise<Dataset> {
  const indices: number[] = []
  for (let index = 0; index < dataset.length; index++) {
    const picture = await orSkip(dataset.load(index), 'skip')
    if (picture instanceof PictureError) skipped.add(picture)
    else indices.push(index)
  }
  if (indices.length === 0) throw noneLeft(dataset)
  return subset(dataset, indices)
}

/** The first picture, or the first that can be used. @throws PictureError, or an Error where none can be */
export async function firstPicture(dataset: Dataset, onBroken: OnBroken): Promise<Picture> {
  for (let index = 0; index < dataset.length; index++) {
    const picture = await orSkip(dataset.load(index), onBroken)
    if (!(picture instanceof PictureError)) return picture
  }
  throw noneLeft(dataset)
}

const noneLeft = ({ name, length }: Dataset) =>
  new Error(`${name}: none of its ${length} pictures can be used`)

async function orSkip(
  loading: Promise<Picture>,
  onBroken: OnBroken,
): Promise<Picture | PictureError> {
  try {
    return await loading
  } catch (error) {
    if (onBroken === 'skip' && error instanceof PictureError) return error
    throw error
  }
}
