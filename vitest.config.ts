// One test configuration for every package; each runs it with its own folder as root. Tests of devices
// (`x.device.test.ts`: a GPU or its software driver, Chromium as a user has it) run with DEVICE_TESTS=1, apart from
// the others: a software driver takes every processor.
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const DEVICE = '**/*.device.test.ts'
const own = [
  'src/**/*.test.ts',
  'scripts/**/*.test.ts',
  // A pattern, in which a backslash is none of a path.
  join(import.meta.dirname, 'scripts/readme-example.ts').replaceAll('\\', '/'),
]
const thorough = process.env.CONFORMANCE === 'thorough'
const wide = thorough || process.env.CONFORMANCE === 'wide'
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
    // Much of what tests do is to wait for processes of their own, and a software driver takes every processor.
    maxWorkers: onDevices ? 1 : Math.max(2, availableParallelism() - 1),
    provide: { thorough, wide },
    // With --coverage (scripts/coverage), workers and processes that a test starts included.
    coverage: {
      provider: 'v8',
      autoAttachSubprocess: true,
      include: ['src/**/*.ts'],
      exclude: ['**/*.test.ts', 'src/testing/**', 'src/generated/**'],
      reporter: ['json-summary', 'lcov'],
    },
    // A software driver on a machine that does other things too takes its time.
    testTimeout: thorough ? 3_600_000 : onDevices ? 600_000 : 120_000,
    hookTimeout: onDevices ? 600_000 : 120_000,
    expect: { poll: { timeout: 60_000 } },
  },
})
