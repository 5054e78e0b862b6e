// Long runs and bad luck in Chromium, on all three backends of a page; where it is not wide, what the same code does
// in Node, on the CPU and on WebGPU, is left to the tests there.

import { webglBackend, webgpuBackend } from '../kernels/browser-backends.ts'
import { fastestCpu } from '../kernels/cpu-backends.ts'
import { wide } from '../thorough.ts'
import { loseDevice } from './device-loss.ts'
import { keepMemoryFlat } from './memory.ts'
import { trainAlike } from './same-seed.ts'

const backends = [fastestCpu, webglBackend, webgpuBackend]

trainAlike(backends)
for (const backend of wide ? backends : [webglBackend]) keepMemoryFlat(backend)
for (const backend of wide ? [webglBackend, webgpuBackend] : [webglBackend]) loseDevice(backend)
