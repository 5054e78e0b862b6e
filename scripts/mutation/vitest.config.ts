// The tests that mutation testing runs: those that targets.ts names for the package that $MUTATION_PACKAGE names.

import process from 'node:process'
import { defineConfig } from 'vitest/config'
import { targets } from './targets.ts'

const { tests } = targets[process.env.MUTATION_PACKAGE ?? '']!

export default defineConfig({
  test: {
    include: [...tests],
    exclude: ['**/node_modules/**', '**/*.{browser,plain-page,device}.test.ts'],
    provide: { thorough: false, wide: false },
    testTimeout: 120_000,
  },
})
