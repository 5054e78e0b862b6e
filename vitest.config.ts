// One test configuration for every package; each runs it with its own folder as root.
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      'src/**/*.test.ts',
      'scripts/**/*.test.ts',
      join(import.meta.dirname, 'scripts/readme-example.ts'),
    ],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
