// Files that commands write.

import { stat } from 'node:fs/promises'
import { UsageError } from './terminal/errors.ts'

/**
 * Keeps a command from writing over what it reads, under whatever name.
 *
 * @param inputs what the command was given: paths, and names and URLs that are none
 * @throws UsageError when the output is one of them
 */
export async function requireOther(
  output: string,
  inputs: readonly (string | undefined)[],
): Promise<void> {
  const written = await stat(output).catch(() => undefined)
  if (!written) return
  for (const input of inputs) {
    if (input === undefined) continue
    const read = await stat(input).catch(() => undefined)
    if (read?.ino === written.ino && read.dev === written.dev) {
      throw new UsageError(`${output} is the file that is read: name another for the result`)
    }
  }
}
