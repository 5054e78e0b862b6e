// What a person reads when a benchmark cannot be made: one line that says what, where and what to do.

/** A mistake in what was asked for, or something missing that the message says how to get. */
export class BenchError extends Error {
  override readonly name = 'BenchError'
}

export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n').join(' ').trim() || 'failed without a message'
}
