// The kernel suites on the CPU backend in Node, and on tfjs's own.

import { wide } from '../thorough.ts'
import { cpuBackends, fastestCpu, tfjsCpuBackend, widenedCpu } from './cpu-backends.ts'
import { holdToSuites } from './suites.ts'

/** What programs get by default, in either build, and what the command line runs; the others are made of the same parts. */
const whole = [cpuBackends[0], fastestCpu, widenedCpu]

for (const backend of [...cpuBackends, widenedCpu, tfjsCpuBackend]) {
  holdToSuites(wide || whole.includes(backend) ? backend : { ...backend, share: 0.3 })
}
