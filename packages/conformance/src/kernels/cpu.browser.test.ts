// The kernel suites on the CPU backend in Chromium: every build that its engine runs.

import { describe, it } from 'vitest'
import { cpuBackends } from './cpu-backends.ts'
import { holdToSuites } from './suites.ts'

for (const backend of cpuBackends) {
  const supported = await backend.adapter().isSupported()
  // AlexNet's own shapes run in Node, by the same instructions.
  if (supported === true) holdToSuites({ ...backend, fast: false, share: 0.3 })
  else describe(backend.name, () => it.skip(`skipped: ${supported}`, () => {}))
}
