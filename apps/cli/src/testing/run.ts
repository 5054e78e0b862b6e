// Runs the built command as a user would, in a process and a folder of its own. For tests only.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

export interface Result {
  code: number | null
  stdout: string
  stderr: string
}

/** Starts the command; `stderr` is handed on as it comes. */
export function start(
  args: readonly string[],
  options: {
    cwd: string
    env?: Record<string, string>
    onStdout?: (text: string, child: ChildProcess) => void
    onStart?: (child: ChildProcess) => void
  },
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], {
      cwd: options.cwd,
      env: { ...process.env, NO_COLOR: '1', ...options.env },
    })
    options.onStart?.(child)
    const result: Result = { code: null, stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      result.stdout += text
      options.onStdout?.(text, child)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      result.stderr += text
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ ...result, code }))
  })
}

/** A folder that goes when `remove` is called. */
export async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'alexnet-cli-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}
