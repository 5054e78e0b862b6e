// One test configuration for every package; each runs it with its own folder as root. Tests of devices
// (`x.device.test.ts`: a GPU or its software driver, Chromium as a user has it) take minutes and run with
// DEVICE_TESTS=1 alone.
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const device = '**/*.device.test.ts'
const own = [
  'src/**/*.test.ts',
  'scripts/**/*.test.ts',
  join(import.meta.dirname, 'scripts/readme-example.ts'),
]
const onDevices = process.env.DEVICE_TESTS === '1'

export default defineConfig({
  test: {
    include: onDevices ? [`src/${device}`] : own,
    exclude: [
      '**/node_modules/**',
      '**/*.{browser,plain-page}.test.ts',
      ...(onDevices ? [] : [device]),
    ],
    passWithNoTests: onDevices,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
