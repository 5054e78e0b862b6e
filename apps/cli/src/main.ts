#!/usr/bin/env node
// Entry of the command `alexnet`: runs the program and turns whatever went wrong into one line and an
// exit code.

import { readFileSync } from 'node:fs'
import { CommanderError } from 'commander'
import { createProgram } from './program.ts'
import { exitCodes, report } from './terminal/errors.ts'
import { watchOutput } from './terminal/interrupt.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

watchOutput()
try {
  await createProgram(version).parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage
  } else {
    const code = report(error)
    process.exitCode ||= code
  }
}
