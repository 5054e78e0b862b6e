// The kernel suites on the CPU backend in Chromium: the builds that its engine runs.

import { describe, it } from 'vitest'
import { wide } from '../thorough.ts'
import { cpuBackends, fastestCpu } from './cpu-backends.ts'
import { holdToSuites } from './suites.ts'

// One of each build's instructions; every build is held to more of the same in Node.
const builds = wide ? cpuBackends : [cpuBackends[0]!, fastestCpu]

for (const backend of builds) {
  const supported = await backend.adapter().isSupported()
  // AlexNet's own shapes run in Node, by the same instructions.
  const share = wide ? 0.3 : 0.1
  if (supported === true) holdToSuites({ ...backend, fast: false, share })
  else describe(backend.name, () => it.skip(`skipped: ${supported}`, () => {}))
}
