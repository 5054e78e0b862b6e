export { report, UsageError } from './errors.ts'
export { createProgram } from './program.ts'
