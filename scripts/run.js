// Runs a program in place of this process: signals are passed on, and what it has to save when they come is
// waited for, so that whoever waits for this process has waited for that one. Plain JavaScript, as workspace.js.

import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import process from 'node:process'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

const isWindows = process.platform === 'win32'

/**
 * What `spawn`, `spawnSync` and `execFile` are to be given for a program that is found by its name: npm, pnpm and what
 * they install are `.cmd` files on Windows, which only a shell starts, from one line.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {[command: string, args: string[], options: { shell?: true }]}
 */
export function byName(command, args, windows = isWindows) {
  if (!windows) return [command, [...args], {}]
  const parts = [command, ...args].map((part) =>
    /^[\w./:@=\\-]+$/.test(part) ? part : `"${part}"`,
  )
  return [parts.join(' '), [], { shell: true }]
}

/** A failure, and a signal, end this process with the program's exit code; `quiet` shows output only then. */
export async function run(command, args, { env = process.env, quiet = false } = {}) {
  const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit'
  const [program, words, how] = byName(command, args)
  const child = spawn(program, words, { ...how, env, stdio })
  let isStopped = false
  const pass = (signal) => {
    isStopped = true
    child.kill(signal)
  }
  for (const signal of SIGNALS) process.on(signal, pass)
  const output = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => output.push(data))
  const { error, code, signal } = await new Promise((resolve) => {
    child.on('error', (error) => resolve({ error }))
    child.on('close', (code, signal) => resolve({ code, signal }))
  })
  for (const signal of SIGNALS) process.off(signal, pass)
  if (error) {
    process.stderr.write(`▸ could not run ${command}: ${error.message}\n`)
    process.exit(1)
  }
  if (code !== 0 || isStopped) {
    if (quiet) process.stderr.write(Buffer.concat(output))
    // Of one that a signal ended, as shells tell it.
    process.exit(code ?? 128 + (constants.signals[signal] ?? 0))
  }
}
