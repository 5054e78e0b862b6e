// V8's coverage as vitest takes it, less what a process that was ended wrote only a part of, on which vitest would stop.

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import v8 from '@vitest/coverage-v8'

const take = v8.takeCoverage!

export default {
  ...v8,
  async takeCoverage(...given: Parameters<typeof take>) {
    const folder = (this as { extendedContextCoverageDir?: string }).extendedContextCoverageDir
    for (const name of folder && existsSync(folder) ? readdirSync(folder) : []) {
      const path = join(folder!, name)
      if (readFileSync(path).at(-1) !== 0x7d) rmSync(path)
    }
    return take.apply(this, given)
  },
}
