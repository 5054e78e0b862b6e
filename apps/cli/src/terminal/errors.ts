// What a person reads when something goes wrong: one line that says what, where and what to do. A stack
// trace is for a bug report, so it is shown only when asked for.

import { tell } from './print.ts'

/** A mistake in what was asked for; its message is all that is shown. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Ctrl-C stopped the work; its message says what is kept. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** Exit codes: 1 the work failed, 2 the command line is wrong, 130 stopped by Ctrl-C (128 + SIGINT). */
export const exitCodes = { failed: 1, usage: 2, interrupted: 130 } as const

/** Prints an error as one line on stderr and gives the exit code that belongs to it. */
export function report(error: unknown): number {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  tell(`alexnet: ${message.trim() || 'failed without a message'}`)
  if (process.env.ALEXNET_DEBUG) tell(...`${stack}`.split('\n'))
  if (error instanceof Interrupted) return exitCodes.interrupted
  // By its name: what throws it need not be loaded to tell.
  const isUsage = error instanceof UsageError || (error as Error).name === 'ModelError'
  return isUsage ? exitCodes.usage : exitCodes.failed
}

/** @throws UsageError when both of two options that exclude each other are given */
export function refuseTogether<T extends object>(
  options: T,
  first: keyof T,
  second: keyof T,
): void {
  if (options[first] !== undefined && options[second] !== undefined) {
    const flag = (name: keyof T) =>
      `--${String(name).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    throw new UsageError(`${flag(first)} and ${flag(second)} cannot be used together`)
  }
}
