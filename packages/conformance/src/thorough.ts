// How much is done: all that is promised, which takes a software driver an hour, or a share of it that fits
// among the tests. `CONFORMANCE=thorough` asks for all.

import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** Whether to take the time that everything needs. */
    thorough: boolean
  }
}

export const thorough: boolean = inject('thorough')
