// Long runs and bad luck on WebGPU in Node.

import { fastestCpu } from '../kernels/cpu-backends.ts'
import { onDawn } from '../kernels/dawn-backend.ts'
import { loseDevice } from './device-loss.ts'
import { keepMemoryFlat } from './memory.ts'
import { trainAlike } from './same-seed.ts'

onDawn((dawnBackend) => {
  trainAlike([fastestCpu, dawnBackend])
  keepMemoryFlat(dawnBackend)
  loseDevice(dawnBackend)
})
