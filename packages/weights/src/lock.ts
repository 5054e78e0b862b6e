// A lock among processes, in Node: a file that says whose it is. One whose process was killed is recognised at
// once by what the system knows of that process; one of another container or machine, of which nothing is
// known here, by its silence: whoever holds a lock touches it every few seconds.

import { createHash, randomBytes } from 'node:crypto'
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { performance } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { isAlive, OWNER, thisProcess } from './owner.ts'
import { failure } from './replace-file.ts'

export interface LockOptions {
  /** Wait until it is free; else a lock that is held is an error. Default false. */
  wait?: boolean
  /** Told once, when there is reason to wait, who holds it: `process 1234`. */
  onWait?: ((holder: string) => void) | undefined
  /** Ends the waiting. */
  signal?: AbortSignal | undefined
  /** How long a holder that nothing is known of may be silent. Default 15,000. */
  silenceMs?: number
}

/** Another process holds a lock. */
export class LockedError extends Error {
  override readonly name = 'LockedError'
  /** `process 1234`, with its machine where that is another one. */
  readonly holder: string
  constructor(path: string, holder: string) {
    super(`${path} is held by ${holder}`)
    this.holder = holder
  }
}

const SILENCE_MS = 15_000
/** How often the holder of a lock shows that it lives, and how often others look. */
const BEAT_MS = 3_000
const POLL_MS = 300
/** How soon to look again while another is taking it from a third, which is a matter of three calls. */
const TAKING_MS = 10
/** After so long it counts as held: whoever takes it has been stopped in between. */
const LONGEST_TAKING_MS = 1_000

/**
 * Takes a lock.
 *
 * @param path of the lock's file, in a folder that is there
 * @returns what gives it back; a process that ends without has given it back as well
 * @throws LockedError when another process holds it and it is not waited for; Error when the file cannot be
 *   written; the reason of `signal`
 */
export async function holdLock(
  path: string,
  options: LockOptions = {},
): Promise<() => Promise<void>> {
  const { wait = false, onWait, signal, silenceMs = SILENCE_MS } = options
  const record: LockRecord = {
    owner: thisProcess(),
    process: process.pid,
    host: hostname(),
    token: randomBytes(6).toString('hex'),
  }
  const text = JSON.stringify(record)
  const watched = new Map<string, { seen: Seen; since: number }>()
  let isTold = false
  for (;;) {
    signal?.throwIfAborted()
    const other = await attempt(path)
    if (!other) return keep(path, text)
    const holder = holderOf(other.seen)
    if (!wait && other.isSure) throw new LockedError(path, holder)
    if (!isTold && !other.isTaking) onWait?.(holder)
    isTold ||= !other.isTaking
    await new Promise((done) => setTimeout(done, other.isTaking ? TAKING_MS : POLL_MS))
  }

  /** @returns whose it is, where it is another's */
  async function attempt(file: string): Promise<Other | undefined> {
    for (;;) {
      if (await take(file, text)) return undefined
      const seen = await look(file)
      if (!seen) continue
      const before = watched.get(file)
      const isNew = before?.seen.text !== seen.text
      const hasMoved = !isNew && before.seen.changed !== seen.changed
      const since = isNew || hasMoved ? performance.now() : before.since
      watched.set(file, { seen, since })
      const known = aliveness(seen)
      const isSilent = known === undefined && performance.now() - since > silenceMs
      if (known !== false && !isSilent) {
        return { seen, isSure: known === true || hasMoved, isTaking: false }
      }
      // Of those who find it abandoned one has the claim on this very text, which then becomes the lock: at no moment is
      // there none, for another to take.
      const claim = `${file}.${createHash('sha256').update(seen.text).digest('hex').slice(0, 12)}`
      const other = await attempt(claim)
      if (other) {
        const soFar = performance.now() - watched.get(claim)!.since
        const isTaking = other.isTaking || (other.isSure && soFar < LONGEST_TAKING_MS)
        return { ...other, isTaking, isSure: other.isSure && !isTaking }
      }
      try {
        if ((await look(file))?.text === seen.text) {
          await rename(claim, file).catch(failure(file))
          return undefined
        }
      } finally {
        // Gone where it has become the lock.
        await rm(claim, { force: true })
      }
    }
  }
}

interface LockRecord {
  owner: string
  process: number
  host: string
  /** Tells two locks of one process apart. */
  token: string
}

/** Another's lock. */
interface Other {
  seen: Seen
  /** That the other lives. */
  isSure: boolean
  /** It does not have the lock yet, but the claim on one that was abandoned. */
  isTaking: boolean
}

interface Seen {
  text: string
  changed: number
}

/** Writes the lock's file, unless there is one. */
async function take(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    return failure(path)(error as NodeJS.ErrnoException)
  }
}

async function look(path: string): Promise<Seen | undefined> {
  try {
    const stats = await stat(path)
    if (!stats.isFile()) throw Object.assign(new Error(), { code: 'EISDIR' })
    return { text: await readFile(path, 'utf8'), changed: stats.mtimeMs }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    return failure(path)(error as NodeJS.ErrnoException)
  }
}

/** What a lock's file says; undefined for one that is just being written, or is none of ours. */
function recordOf({ text }: Seen): LockRecord | undefined {
  try {
    const record = JSON.parse(text) as LockRecord | null
    return record && new RegExp(`^${OWNER}$`).test(record.owner) ? record : undefined
  } catch {
    return undefined
  }
}

function aliveness(seen: Seen): boolean | undefined {
  const record = recordOf(seen)
  return record && isAlive(record.owner)
}

function holderOf(seen: Seen): string {
  const record = recordOf(seen)
  if (!record) return 'another process'
  const elsewhere = isAlive(record.owner) === undefined
  const where = elsewhere ? ` of another machine or container (${record.host})` : ''
  return `process ${record.process}${where}`
}

/** Shows that the holder lives, from a thread of its own: the main one may compute for minutes. */
function keep(path: string, text: string): () => Promise<void> {
  const worker = new Worker(beat, { eval: true, workerData: { path, text, every: BEAT_MS } })
  worker.unref()
  // The lock holds without it in this container, so that a thread too many is no reason to stop.
  worker.on('error', () => {})
  return async () => {
    await worker.terminate()
    if ((await look(path).catch(() => undefined))?.text === text) await rm(path, { force: true })
  }
}

const beat = `
const { readFileSync, utimesSync } = require('node:fs')
const { path, text, every } = require('node:worker_threads').workerData
setInterval(() => {
  try {
    const now = new Date()
    if (readFileSync(path, 'utf8') === text) utimesSync(path, now, now)
  } catch {}
}, every)
`
