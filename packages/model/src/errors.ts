// The one kind of mistake that opening or using a model can be told of in a line: a source that is no model,
// a variant that has to be named, a description that does not hold. Other packages' errors (CheckpointError,
// DownloadError, PictureError, WeightsError) pass as they are.

/** What was given cannot be used as a model, or not so; the message says what to do. */
export class ModelError extends Error {
  override readonly name = 'ModelError'
}

/** The error, its line beginning with the file that it is about. */
export function aboutFile(path: string, error: unknown): unknown {
  if (error instanceof Error && !error.message.startsWith(path)) {
    error.message = `${path}: ${error.message}`
  }
  return error
}
