// This package's errors: a checkpoint that cannot be read, weights that cannot be downloaded; told so that
// whoever sees them can act.

/** A checkpoint file is broken or of a kind that cannot be read; the message says where and why. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError'
  /** The file, where it is known. */
  readonly path: string | undefined
  /** Byte offset in the file at which reading stopped, where there is one. */
  readonly offset: number | undefined

  constructor(
    message: string,
    options: { path?: string | undefined; offset?: number | undefined; cause?: unknown } = {},
  ) {
    const where = options.offset === undefined ? '' : ` (at byte ${options.offset})`
    super(`${options.path ? `${options.path}: ` : ''}${message}${where}`, { cause: options.cause })
    this.path = options.path
    this.offset = options.offset
  }
}

/** What happened at one address. */
export interface DownloadFailure {
  url: string
  reason: string
}

/** Weights could not be downloaded; the message says from where, why, and what to do about it. */
export class DownloadError extends Error {
  override readonly name = 'DownloadError'
  /** Name of the weights. */
  readonly weights: string
  /** Every address that was tried, in turn, and what happened there. */
  readonly failures: readonly DownloadFailure[]

  constructor(
    message: string,
    options: { weights: string; failures: readonly DownloadFailure[]; cause?: unknown },
  ) {
    super(message, { cause: options.cause })
    this.weights = options.weights
    this.failures = options.failures
  }

  /** The address that was tried last. */
  get url(): string | undefined {
    return this.failures.at(-1)?.url
  }
}
