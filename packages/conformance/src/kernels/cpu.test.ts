// The kernel suites on the CPU backend in Node, and on tfjs's own.

import { cpuBackends, tfjsCpuBackend, widenedCpu } from './cpu-backends.ts'
import { holdToSuites } from './suites.ts'

for (const backend of [...cpuBackends, widenedCpu, tfjsCpuBackend]) holdToSuites(backend)
