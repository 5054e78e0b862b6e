// Entry of `pnpm check-structure`.

import process from 'node:process'
import { checkStructure } from './command.ts'

try {
  process.exitCode = await checkStructure(process.argv.slice(2))
} catch (error) {
  console.error(`check-structure: ${(error as Error).message}`)
  process.exitCode = 2
}
