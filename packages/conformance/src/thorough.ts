// How much is done. Among the tests a share that answers every kind of question on every backend once; with
// CONFORMANCE=wide all that a software driver does in minutes, which only widens it: more shapes of one kernel, more
// builds of one engine, one run by two ways to the same implementation; with CONFORMANCE=thorough all that is promised,
// which takes a software driver an hour.

import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** Whether to take the minutes of a wide run; a thorough one is wide, too. */
    wide: boolean
    /** Whether to take the time that everything needs. */
    thorough: boolean
  }
}

export const wide: boolean = inject('wide')
export const thorough: boolean = inject('thorough')
