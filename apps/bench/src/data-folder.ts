// A temporary folder with the prepared data, and its end.

import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { files, type Prepared, type PrepareOptions } from './data.ts'
import { BenchError } from './errors.ts'

const prepareMain = fileURLToPath(new URL('./prepare-main.js', import.meta.url))
const runFile = promisify(execFile)
const signals = ['SIGINT', 'SIGTERM'] as const

/** Prepares data in a folder of its own, hands it to `work`, and removes it. */
export async function withData<T>(
  options: PrepareOptions,
  work: (folder: string, prepared: Prepared) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'alexnet-bench-'))
  // Half a gigabyte that nobody would find again.
  const stopped = (signal: NodeJS.Signals) => {
    rmSync(folder, { recursive: true, force: true })
    process.exit(128 + constants.signals[signal])
  }
  for (const signal of signals) process.once(signal, stopped)
  try {
    try {
      await runFile(process.execPath, [prepareMain, folder, JSON.stringify(options)])
    } catch (error) {
      const { stderr = '' } = error as { stderr?: string }
      // Node prints the error's class and message on a line of its own.
      const line = /^\w*Error(?: \[\w+\])?: (.*)$/m.exec(stderr)?.[1]
      throw new BenchError(line ?? `preparing the data failed: ${stderr.trim().slice(-500)}`)
    }
    const prepared = JSON.parse(await readFile(join(folder, files.network), 'utf8')) as Prepared
    return await work(folder, prepared)
  } finally {
    for (const signal of signals) process.off(signal, stopped)
    await rm(folder, { recursive: true, force: true })
  }
}
