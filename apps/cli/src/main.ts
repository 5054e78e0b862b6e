#!/usr/bin/env node
// Entry of the command `alexnet`: runs the program and turns whatever went wrong into one line and an
// exit code.

import { readFileSync } from 'node:fs'
import { CommanderError } from 'commander'
import { createProgram } from './program.ts'
import { exitCodes, report } from './terminal/errors.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

// A reader that stops early (`alexnet … | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

try {
  await createProgram(version).parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage
  } else {
    process.exitCode = report(error)
  }
}
