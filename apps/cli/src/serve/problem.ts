// What a client is told when a request cannot be answered: one shape, whatever went wrong, without paths or stacks.

/** Statuses that are answered, and the words that programs tell them by. */
export const problemCodes = {
  400: 'bad_request',
  401: 'unauthorized',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'timeout',
  413: 'too_large',
  415: 'unsupported_media_type',
  422: 'unusable',
  429: 'too_many_requests',
  500: 'internal',
  503: 'busy',
} as const
export type ProblemStatus = keyof typeof problemCodes

/** A request that cannot be answered; the message is for the client. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: ProblemStatus

  constructor(status: ProblemStatus, message: string) {
    super(message)
    this.status = status
  }
}

/** The body of every answer that is an error. */
export const problemBody = (status: ProblemStatus, message: string) => ({
  error: { status, code: problemCodes[status], message },
})

/** What to tell the client of an error: its own mistakes in words, ours by number alone. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  const { name, message } = error as Error
  // By name, as those that throw them need not be loaded to tell.
  if (name === 'PictureError') return new Problem(422, message)
  if (name === 'OptionError' || name === 'ModelError') return new Problem(422, message)
  return new Problem(500, 'this request failed; the server goes on')
}
