// Stopping in good order. Work that has something to save or to clean up says so here; it is then asked to stop
// by Ctrl-C, by a signal that ends programs, by a terminal that is closed, and by a reader of its output that
// goes away.

import { exitCodes, Interrupted } from './errors.ts'
import { tell } from './print.ts'

/** Work that can be asked to stop. */
export interface Interruptible {
  /** Aborted when it is to stop, for an {@link Interrupted}. */
  signal: AbortSignal
  /** The work is done: signals do again what they do by themselves. */
  release(): void
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** One Ctrl-C comes more than once: from the terminal, and from each program between it and this one. */
const ECHO_MS = 1000

/** Work under way, with what is kept of it. */
const works = new Map<AbortController, string>()
let askedAt: number | undefined

/** @param message what is kept, for who stops it */
export function interruptible(message: string): Interruptible {
  const controller = new AbortController()
  if (works.size === 0) {
    askedAt = undefined
    for (const name of signals) process.on(name, onSignal)
  }
  works.set(controller, message)
  return {
    signal: controller.signal,
    release() {
      works.delete(controller)
      if (works.size === 0) for (const name of signals) process.off(name, onSignal)
    },
  }
}

/** The first asks, the second ends everything at once. */
function onSignal(): void {
  if (askedAt === undefined) stopWork()
  else if (performance.now() - askedAt > ECHO_MS) process.exit(exitCodes.interrupted)
}

/** Asks all work to stop; false when there is none, so that the process may end. */
function stopWork(): boolean {
  askedAt ??= performance.now()
  for (const [controller, message] of works) controller.abort(new Interrupted(message))
  return works.size > 0
}

/**
 * Output that is not taken any more. A reader that stops early (`alexnet … | head`) is no failure, but what is
 * under way is saved; nobody has to read what is told on the side.
 */
export function watchOutput(): void {
  process.stderr.on('error', () => {})
  // What is asked to stop may write once more.
  let isLost = false
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (isLost) return
    isLost = true
    if (code !== 'EPIPE' && code !== 'EIO') {
      process.exitCode = exitCodes.failed
      tell(`alexnet: the output cannot be written: ${message}`)
    }
    if (!stopWork()) process.exit()
  })
}
