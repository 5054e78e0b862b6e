export { createProgram } from './program.ts'
export { report, UsageError } from './terminal/errors.ts'
