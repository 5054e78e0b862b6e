#!/usr/bin/env node
// Entry of the command `bench`: runs it and turns whatever went wrong into one line and an exit code, 1
// for work that failed, 2 for a wrong command line.

import { CommanderError } from 'commander'
import { BenchError, messageOf } from './errors.ts'
import { createProgram } from './program.ts'
import { run } from './run.ts'

// A reader that stops early (`bench … | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const args = process.argv.slice(2)
try {
  await createProgram((settings) => run(settings, args)).parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2
  } else {
    process.stderr.write(`bench: ${messageOf(error)}\n`)
    if (!(error instanceof BenchError)) process.stderr.write(`${(error as Error).stack}\n`)
    process.exitCode = 1
  }
}
