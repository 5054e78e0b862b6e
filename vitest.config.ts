// One test configuration for every package; each runs it with its own folder as root. Tests of devices
// (`x.device.test.ts`: a GPU or its software driver, Chromium as a user has it) run with DEVICE_TESTS=1, apart from
// the others: a software driver takes every processor.
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const DEVICE = '**/*.device.test.ts'
const own = [
  'src/**/*.test.ts',
  'scripts/**/*.test.ts',
  join(import.meta.dirname, 'scripts/readme-example.ts'),
]
const thorough = process.env.CONFORMANCE === 'thorough'
const onDevices = process.env.DEVICE_TESTS === '1'

export default defineConfig({
  test: {
    include: onDevices ? [`src/${DEVICE}`] : own,
    exclude: [
      '**/node_modules/**',
      '**/*.{browser,plain-page}.test.ts',
      ...(onDevices ? [] : [DEVICE]),
    ],
    passWithNoTests: onDevices,
    provide: { thorough },
    // With --coverage (scripts/coverage): what runs in workers and in processes that a test starts is not counted.
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['**/*.test.ts', 'src/testing/**', 'src/generated/**'],
      reporter: ['json-summary', 'lcov'],
    },
    // A software driver on a machine that does other things too takes its time.
    testTimeout: onDevices ? (thorough ? 3_600_000 : 600_000) : 120_000,
    hookTimeout: onDevices ? 600_000 : 120_000,
  },
})
