// Long runs and bad luck in Chromium, on all three backends of a page.

import { webglBackend, webgpuBackend } from '../kernels/browser-backends.ts'
import { fastestCpu } from '../kernels/cpu-backends.ts'
import { loseDevice } from './device-loss.ts'
import { keepMemoryFlat } from './memory.ts'
import { trainAlike } from './same-seed.ts'

const backends = [fastestCpu, webglBackend, webgpuBackend]

trainAlike(backends)
for (const backend of backends) keepMemoryFlat(backend)
for (const backend of [webglBackend, webgpuBackend]) loseDevice(backend)
